package io.keplerfs.swim;

import io.keplerfs.values.Contact;
import java.time.Duration;
import java.util.Optional;

/** What this node itself hears of one member. Written by the one thread that owns the members; {@link #contact} is for any. */
final class Heard {
    private static final long NEVER = Long.MIN_VALUE;

    /** One new measurement counts for an eighth, as in TCP (RFC 6298, section 2). */
    private static final int SMOOTHING = 8;

    /** Our own probes accused it, and it has not come back since. */
    boolean accused;

    private volatile long lastNanos = NEVER;
    private volatile long roundTripNanos = NEVER;

    void at(long nowNanos) {
        lastNanos = nowNanos;
    }

    void answered(long tookNanos) {
        long before = roundTripNanos;
        roundTripNanos = before == NEVER ? tookNanos : before + (tookNanos - before) / SMOOTHING;
    }

    /** Empty if it was never heard, only heard of. */
    Optional<Contact> contact(long nowNanos) {
        long heard = lastNanos;
        if (heard == NEVER) {
            return Optional.empty();
        }
        long took = roundTripNanos;
        Optional<Duration> roundTrip = took == NEVER ? Optional.empty() : Optional.of(Duration.ofNanos(took));
        // The reader may have looked at the clock before the writer did.
        return Optional.of(new Contact(Duration.ofNanos(Math.max(0, nowNanos - heard)), roundTrip));
    }
}
