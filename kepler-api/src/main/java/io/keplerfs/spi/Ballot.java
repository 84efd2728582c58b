package io.keplerfs.spi;

import io.keplerfs.values.NodeId;
import java.util.UUID;

/**
 * Orders the attempts to change a register: higher wins. Unique, because a node never makes one twice.
 *
 * @param time hybrid logical clock: milliseconds since 1970 in the upper 48 bits, a counter in the lower 16
 * @param node who made it
 */
public record Ballot(long time, NodeId node) implements Comparable<Ballot> {
    /** Below every real ballot: nothing promised, nothing accepted. */
    public static final Ballot ZERO = new Ballot(0, new NodeId(new UUID(0, 0)));

    public boolean isZero() {
        return equals(ZERO);
    }

    /** The clock's part in milliseconds since 1970. */
    public long millis() {
        return time >>> 16;
    }

    @Override
    public int compareTo(Ballot other) {
        int byTime = Long.compare(time, other.time);
        return byTime != 0 ? byTime : node.compareTo(other.node);
    }

    @Override
    public String toString() {
        return time + "@" + node.toString().substring(0, 8);
    }
}
