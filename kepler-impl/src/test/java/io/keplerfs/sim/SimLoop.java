package io.keplerfs.sim;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/**
 * Virtual time for a whole cluster: one queue of events in the order of (time, sequence), one seed. The same seed gives the same
 * run, which the trace proves.
 */
public final class SimLoop {
    /** Where virtual wall clocks begin: some day in 2026. */
    static final long EPOCH_MILLIS = 1_780_000_000_000L;

    private record Event(long nanos, long sequence, Runnable task) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(nanos, other.nanos);
            return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
        }
    }

    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final SplittableRandom random;
    private final List<String> trace = new ArrayList<>();
    private long now;
    private long sequence;

    public SimLoop(long seed) {
        random = new SplittableRandom(seed);
    }

    /** A source of chance of its own for one component, so that one component's draws do not shift another's. */
    public SplittableRandom fork() {
        return random.split();
    }

    public long nowNanos() {
        return now;
    }

    public void after(Duration delay, Runnable task) {
        after(delay.toNanos(), task);
    }

    public void after(long delayNanos, Runnable task) {
        events.add(new Event(now + Math.max(0, delayNanos), sequence++, task));
    }

    /** Runs events until the condition holds or the virtual time is over; true if it holds. */
    public boolean runUntil(BooleanSupplier condition, Duration limit) {
        long end = now + limit.toNanos();
        while (!condition.getAsBoolean()) {
            Event next = events.peek();
            if (next == null || next.nanos() > end) {
                now = end;
                return false;
            }
            events.remove();
            now = next.nanos();
            next.task().run();
        }
        return true;
    }

    /** One line of what happened, stamped with the virtual time. */
    public void note(String what) {
        trace.add(now + " " + what);
    }

    public List<String> trace() {
        return trace;
    }
}
