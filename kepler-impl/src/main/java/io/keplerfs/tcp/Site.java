package io.keplerfs.tcp;

import io.keplerfs.values.NodeId;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.function.LongSupplier;

/** What all parts of one started transport share. */
record Site(NodeId id, String secret, Threads threads, LongSupplier nanoClock, SecureRandom random, Timing timing) {
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
