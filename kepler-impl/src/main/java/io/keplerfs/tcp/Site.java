package io.keplerfs.tcp;

import io.keplerfs.spi.Keyring;
import io.keplerfs.values.NodeId;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What all parts of one started transport share.
 *
 * @param keys those of this moment: they may change between two greetings
 */
record Site(
        NodeId id,
        Supplier<Keyring> keys,
        Threads threads,
        LongSupplier nanoClock,
        SecureRandom random,
        Timing timing) {
    long now() {
        return nanoClock.getAsLong();
    }

    /** Whether so much time has passed since a moment of {@link #now}. */
    boolean passed(Duration duration, long sinceNanos) {
        return now() - sinceNanos >= duration.toNanos();
    }

    @Override
    public String toString() {
        return "site of " + id;
    }
}
