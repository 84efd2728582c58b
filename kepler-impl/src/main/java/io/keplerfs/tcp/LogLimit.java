package io.keplerfs.tcp;

import java.time.Duration;
import java.util.function.LongSupplier;

/** Keeps strangers from filling the operator's log: one line per interval, the next one says how many were left out. */
final class LogLimit {
    private static final long INTERVAL_NANOS = Duration.ofSeconds(10).toNanos();

    private final LongSupplier nanoClock;
    private long lastNanos;
    private boolean spoke;
    private int leftOut;

    LogLimit(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    /** The line to log now, or an empty text. */
    synchronized String line(String event) {
        long now = nanoClock.getAsLong();
        if (spoke && now - lastNanos < INTERVAL_NANOS) {
            leftOut++;
            return "";
        }
        String line = leftOut == 0 ? event : event + " (and " + leftOut + " such lines before it)";
        spoke = true;
        lastNanos = now;
        leftOut = 0;
        return line;
    }
}
