package io.keplerfs.ring;

import io.keplerfs.values.NodeId;
import java.util.Objects;

/**
 * One node as far as placement knows it.
 *
 * @param id identity of its data directory
 * @param zone failure zone; members without one (empty) count as being in one zone together
 * @param weight share of data relative to the others, 1 to {@link #MAX_WEIGHT}
 */
public record RingMember(NodeId id, String zone, int weight) {
    /** Bounds the virtual nodes of one member to 25,600, so that a ring of hundreds is still computed in a moment. */
    public static final int MAX_WEIGHT = 100;

    public RingMember {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(zone, "zone");
        if (weight < 1 || weight > MAX_WEIGHT) {
            throw new IllegalArgumentException(
                    "weight of node " + id + " is " + weight + ", allowed are 1 to " + MAX_WEIGHT);
        }
    }
}
