package io.keplerfs.examples.bench;

import java.util.Arrays;

/** Every single duration, sorted once: exact percentiles, without a histogram's rounding. */
final class Latencies {
    private final long[] sortedNanos;

    Latencies(long[] nanos) {
        if (nanos.length == 0) {
            throw new IllegalArgumentException("percentiles need at least one duration");
        }
        sortedNanos = nanos.clone();
        Arrays.sort(sortedNanos);
    }

    /**
     * The smallest duration that {@code percent} of all do not exceed (nearest rank).
     *
     * @param percent above 0, up to 100
     */
    double percentileMillis(double percent) {
        if (percent <= 0 || percent > 100) {
            throw new IllegalArgumentException("percentile " + percent + " is not above 0 and up to 100");
        }
        int rank = (int) Math.ceil(percent / 100 * sortedNanos.length);
        return sortedNanos[Math.max(1, rank) - 1] / 1e6;
    }
}
