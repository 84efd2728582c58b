package io.keplerfs;

import java.time.Duration;

/**
 * How a {@link Lease} is acquired.
 *
 * @param owner who asks for it, in words for people: a host or a job. It need not be unique
 * @param ttl how long others leave it alone after its last renewal, {@link #SHORTEST_TTL} or more. Long enough for a pause of the
 *     garbage collector and a change of gateway, short enough to wait for after a crash
 * @param patience how long {@link Lease#acquire} tries while somebody else has it; zero: once
 */
public record LeaseOptions(String owner, Duration ttl, Duration patience) {
    /** Three renewals must fit into it, each of which may take an fsync on two nodes. */
    public static final Duration SHORTEST_TTL = Duration.ofMillis(100);

    public LeaseOptions {
        if (owner.isBlank() || owner.length() > 200) {
            throw new IllegalArgumentException(
                    "the owner of a lease has " + owner.length() + " characters, allowed are 1 to 200, not all blank");
        }
        if (ttl.compareTo(SHORTEST_TTL) < 0) {
            throw new IllegalArgumentException("ttl is " + ttl + ", it must be " + SHORTEST_TTL + " or more");
        }
        if (patience.isNegative()) {
            throw new IllegalArgumentException("patience is " + patience + ", it must be zero or positive");
        }
    }

    /** Tries once. */
    public static LeaseOptions of(String owner, Duration ttl) {
        return new LeaseOptions(owner, ttl, Duration.ZERO);
    }

    public LeaseOptions withPatience(Duration value) {
        return new LeaseOptions(owner, ttl, value);
    }
}
