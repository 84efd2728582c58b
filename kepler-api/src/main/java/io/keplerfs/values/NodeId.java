package io.keplerfs.values;

import java.util.Objects;
import java.util.UUID;

/**
 * The identity of one member, created with its data directory and never reused: a wiped disk is a new member.
 *
 * <p>Ordered by the unsigned bytes of the UUID, so that every JVM and every other implementation sorts alike.
 */
public record NodeId(UUID uuid) implements Comparable<NodeId> {
    public NodeId {
        Objects.requireNonNull(uuid, "uuid");
    }

    /** Parses the canonical 36-character form; throws IllegalArgumentException naming the text otherwise. */
    public static NodeId parse(String text) {
        UUID uuid = UUID.fromString(text);
        if (!uuid.toString().equalsIgnoreCase(text)) {
            throw new IllegalArgumentException("not a node id: " + text);
        }
        return new NodeId(uuid);
    }

    @Override
    public int compareTo(NodeId other) {
        int high = Long.compareUnsigned(uuid.getMostSignificantBits(), other.uuid.getMostSignificantBits());
        return high != 0
                ? high
                : Long.compareUnsigned(uuid.getLeastSignificantBits(), other.uuid.getLeastSignificantBits());
    }

    @Override
    public String toString() {
        return uuid.toString();
    }
}
