package io.keplerfs.swim;

import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Measures how fast verdicts fall and spread, and counts those that are wrong; costs the same for 10 nodes and for 10,000. */
final class GossipStopwatch implements Invariant {
    private static final double NANOS = 1e9;

    /** When somebody first, and when the last one, came to believe something of a member. */
    private static final class Spread {
        long firstNanos;
        long lastNanos;
        int believers;
    }

    private record News(NodeId of, MemberState state, long incarnation) {}

    private final GossipNetwork network;
    private final Map<News, Spread> spreads = new HashMap<>();
    private final Set<NodeId> down = new HashSet<>();
    private long wrongDeaths;
    private final Set<NodeId> wronglyDead = new HashSet<>();

    GossipStopwatch(GossipNetwork network) {
        this.network = network;
    }

    /** From now on it is right to call it dead. */
    void crash(GossipNode node) {
        node.crash();
        down.add(node.id);
    }

    @Override
    public void changed(GossipNode at, Effect.Changed change) {
        MemberState state = change.now().state();
        News news = new News(change.now().id(), state, change.now().incarnation());
        Spread spread = spreads.computeIfAbsent(news, first -> {
            Spread begun = new Spread();
            begun.firstNanos = network.nowNanos();
            return begun;
        });
        spread.lastNanos = network.nowNanos();
        spread.believers++;
        if (state == MemberState.DEAD && !down.contains(change.now().id())) {
            wrongDeaths++;
            wronglyDead.add(change.now().id());
        }
    }

    /** Deaths of members that were not crashed, once for each that believed it. */
    long wrongDeaths() {
        return wrongDeaths;
    }

    /** Those of some members. */
    long wronglyDeadAmong(Set<NodeId> members) {
        return wronglyDead.stream().filter(members::contains).count();
    }

    int believers(NodeId of, MemberState state, long incarnation) {
        Spread spread = spreads.get(new News(of, state, incarnation));
        return spread == null ? 0 : spread.believers;
    }

    /** Seconds from an instant until the first one believed it. */
    double secondsToFirst(NodeId of, MemberState state, long incarnation, Duration since) {
        Spread spread = spreads.get(new News(of, state, incarnation));
        return spread == null ? Double.POSITIVE_INFINITY : (spread.firstNanos - since.toNanos()) / NANOS;
    }

    /** Seconds from an instant until the last one believed it. */
    double secondsToLast(NodeId of, MemberState state, long incarnation, Duration since) {
        Spread spread = spreads.get(new News(of, state, incarnation));
        return spread == null ? Double.POSITIVE_INFINITY : (spread.lastNanos - since.toNanos()) / NANOS;
    }

    /** The smallest value that so many of a hundred do not exceed. */
    static double percentile(double[] values, int percent) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[Math.max(0, (int) Math.ceil(percent / 100.0 * sorted.length) - 1)];
    }
}
