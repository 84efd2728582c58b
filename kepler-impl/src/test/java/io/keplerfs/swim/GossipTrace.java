package io.keplerfs.swim;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Everything that happened in a simulated run, in order: a hash of all of it, which two runs of a seed must share, and the last
 * few hundred lines as text. Takes the same memory for a minute of 3 nodes and for an hour of 10,000.
 */
final class GossipTrace {
    private static final int TAIL = 300;
    private static final int CHECKPOINT_EVERY = 1024;

    private record Line(long nanos, String kind, int from, int to, long detail, Object about) {
        @Override
        public String toString() {
            return String.format("%12.6f %-8s %4d %4d  %s", nanos / 1e9, kind, from, to, about);
        }
    }

    private final Line[] tail = new Line[TAIL];
    private final List<Long> checkpoints = new ArrayList<>();
    private long hash = 1;
    private long events;

    /**
     * @param detail of the bytes, say: counts for the hash
     * @param about for people: does not
     */
    void record(long nanos, String kind, int from, int to, long detail, Object about) {
        hash = mix(hash ^ nanos) + mix(detail + kind.hashCode()) + 31L * from + to;
        tail[(int) (events % TAIL)] = new Line(nanos, kind, from, to, detail, about);
        events++;
        if (events % CHECKPOINT_EVERY == 0) {
            checkpoints.add(hash);
        }
    }

    private static long mix(long value) {
        long mixed = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
        return mixed ^ (mixed >>> 31);
    }

    long events() {
        return events;
    }

    /** Hashes on the way, the last one of the whole. */
    List<Long> hashes() {
        List<Long> all = new ArrayList<>(checkpoints);
        all.add(hash);
        return all;
    }

    String tail() {
        StringBuilder text = new StringBuilder();
        for (long i = Math.max(0, events - TAIL); i < events; i++) {
            text.append(Objects.requireNonNull(tail[(int) (i % TAIL)])).append('\n');
        }
        return text.toString();
    }

    static String seconds(Duration time) {
        return String.format("%.3f s", time.toNanos() / 1e9);
    }
}
