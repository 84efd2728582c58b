package io.keplerfs.swim;

import java.util.Set;

/**
 * How far this node should distrust its own probes (Lifeguard, section IV-A): it goes up when others' answers fail to arrive that
 * should have, and down with every answer that does. A slow node so takes more time before it accuses anybody.
 */
final class LocalHealth {
    /** Lifeguard's S: probes of a node that is very ill take nine times as long. */
    private static final int WORST = 8;

    private final boolean ignored;
    private int score;

    LocalHealth(Set<Flaw> flaws) {
        ignored = flaws.contains(Flaw.NO_LOCAL_HEALTH) || flaws.contains(Flaw.NO_LIFEGUARD);
    }

    void better() {
        score = Math.max(0, score - 1);
    }

    void worse(int by) {
        score = Math.min(WORST, score + by);
    }

    int multiplier() {
        return ignored ? 1 : score + 1;
    }

    /** 0 for a node that trusts itself. */
    int score() {
        return score;
    }
}
