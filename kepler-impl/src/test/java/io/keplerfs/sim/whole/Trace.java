package io.keplerfs.sim.whole;

import io.keplerfs.sim.SimLoop;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Supplier;

/** Every event of a run in one number, and the last of them in words. */
final class Trace {
    /** Kept in words; more with -Dsim.tail. */
    private static final int TAIL = Integer.getInteger("sim.tail", 400);

    private record Event(long nanos, Supplier<String> what) {}

    private final SimLoop world;
    private final ArrayDeque<Event> tail = new ArrayDeque<>();
    private long sum;

    Trace(SimLoop world) {
        this.world = world;
    }

    /** @param fingerprint the same in every run of the seed */
    void note(long fingerprint, Supplier<String> what) {
        sum = (sum ^ fingerprint ^ world.nowNanos()) * 0x9E3779B97F4A7C15L;
        sum ^= sum >>> 29;
        tail.add(new Event(world.nowNanos(), what));
        if (tail.size() > TAIL) {
            tail.remove();
        }
    }

    void note(String what) {
        note(what.hashCode(), () -> what);
    }

    long sum() {
        return sum;
    }

    List<String> tail() {
        return tail.stream()
                .map(event ->
                        "%.6f s  %s".formatted(event.nanos() / 1e9, event.what().get()))
                .toList();
    }
}
