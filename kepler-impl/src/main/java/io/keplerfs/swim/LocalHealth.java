package io.keplerfs.swim;

/**
 * How far this node should distrust its own probes (Lifeguard, section IV-A): it goes up when others' answers fail to arrive that
 * should have, and down with every answer that does. A slow node so takes more time before it accuses anybody.
 */
final class LocalHealth {
    /** Lifeguard's S: probes of a node that is very ill take nine times as long. */
    private static final int WORST = 8;

    private int score;

    void better() {
        score = Math.max(0, score - 1);
    }

    void worse(int by) {
        score = Math.min(WORST, score + by);
    }

    /** 0 to 8. */
    int score() {
        return score;
    }

    int multiplier() {
        return score + 1;
    }
}
