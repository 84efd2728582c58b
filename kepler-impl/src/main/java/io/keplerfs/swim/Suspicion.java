package io.keplerfs.swim;

import io.keplerfs.values.NodeId;
import java.util.HashSet;
import java.util.Set;

/**
 * How long an accused member has to refute (Lifeguard, section IV-B). One accuser alone may itself be the one that is ill, so it
 * has to wait long; each further independent accuser shortens the wait, logarithmically, down to the shortest.
 */
final class Suspicion {
    private final Set<NodeId> accusers = new HashSet<>();
    private final long shortestNanos;
    private final long longestNanos;
    private final int wanted;
    private long startNanos;

    /**
     * @param wanted confirmations that make the wait shortest; 0 if there is nobody who could confirm
     */
    Suspicion(NodeId accuser, long startNanos, long shortestNanos, long longestNanos, int wanted) {
        accusers.add(accuser);
        this.startNanos = startNanos;
        this.shortestNanos = shortestNanos;
        this.longestNanos = longestNanos;
        this.wanted = wanted;
    }

    /** Whether this accuser is new and counts. */
    boolean confirm(NodeId accuser) {
        return accusers.size() <= wanted && accusers.add(accuser);
    }

    long deadlineNanos() {
        if (wanted == 0) {
            return startNanos + shortestNanos;
        }
        double share = Math.log(accusers.size()) / Math.log(wanted + 1.0);
        return startNanos + Math.max(shortestNanos, longestNanos - (long) (share * (longestNanos - shortestNanos)));
    }

    void postpone(long nanos) {
        startNanos += nanos;
    }
}
