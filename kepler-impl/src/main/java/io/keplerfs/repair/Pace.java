package io.keplerfs.repair;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/** Bytes per second over the last half minute of a counter that only grows. Owned by the loop. */
final class Pace {
    /** Long enough to even out single chunks at a low cap, short enough to believe. */
    private static final long WINDOW_NANOS = Duration.ofSeconds(30).toNanos();

    private final Deque<Sample> samples = new ArrayDeque<>();

    private record Sample(long nanos, long bytes) {}

    /** About once a second. */
    void note(long nowNanos, long bytes) {
        samples.add(new Sample(nowNanos, bytes));
        while (nowNanos - samples.getFirst().nanos() > WINDOW_NANOS) {
            samples.removeFirst();
        }
    }

    /** Begins anew: what was before a pause says nothing. */
    void forget() {
        samples.clear();
    }

    long bytesPerSecond() {
        if (samples.size() < 2) {
            return 0;
        }
        long nanos = samples.getLast().nanos() - samples.getFirst().nanos();
        long bytes = samples.getLast().bytes() - samples.getFirst().bytes();
        return nanos <= 0 ? 0 : (long) (bytes * 1e9 / nanos);
    }
}
