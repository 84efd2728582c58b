package io.keplerfs.examples.console;

import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** One line every few seconds, for logs and pipes; nothing at all for a call that is over sooner. */
final class LineProgress implements Progress {
    /** Often enough to see that it lives, seldom enough for the log of a night's job. */
    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final String task;
    private final long totalBytes;
    private final Consumer<String> lines;
    private final LongSupplier nanoClock;
    private final long startedNanos;

    private long movedBytes;
    private long nextLineNanos;

    LineProgress(String task, long totalBytes, Consumer<String> lines, LongSupplier nanoClock) {
        this.task = task;
        this.totalBytes = totalBytes;
        this.lines = lines;
        this.nanoClock = nanoClock;
        this.startedNanos = nanoClock.getAsLong();
        this.nextLineNanos = startedNanos + INTERVAL_NANOS;
    }

    @Override
    public synchronized void moved(long bytes) {
        movedBytes += bytes;
        long now = nanoClock.getAsLong();
        if (now - nextLineNanos >= 0) {
            nextLineNanos = now + INTERVAL_NANOS;
            lines.accept(line(now - startedNanos));
        }
    }

    private String line(long elapsedNanos) {
        String rate = Amounts.rate(movedBytes, elapsedNanos);
        if (totalBytes <= 0) {
            return task + ": " + Amounts.bytes(movedBytes) + ", " + rate;
        }
        double done = Math.min(1, (double) movedBytes / totalBytes);
        long leftNanos = (long) (elapsedNanos / Math.max(done, 1e-9) * (1 - done));
        return String.format(
                java.util.Locale.ROOT,
                "%s: %.0f %% of %s, %s, %s left",
                task,
                done * 100,
                Amounts.bytes(totalBytes),
                rate,
                Amounts.seconds(leftNanos));
    }

    @Override
    public void close() {}
}
