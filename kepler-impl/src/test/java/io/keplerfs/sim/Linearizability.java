package io.keplerfs.sim;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Looks for an order of the operations on one object that explains what every caller saw and never puts an operation before one
 * that had returned when it was called (Wing and Gong's search, with a cache of visited states as Lowe proposes).
 */
public final class Linearizability {
    /** The end of an operation that never returned. */
    public static final long NEVER = Long.MAX_VALUE;
    /** Sets of operations are bits of a long. */
    private static final int MAX_OPERATIONS = 63;

    /** What an operation does to the object's state. */
    @FunctionalInterface
    public interface Effect<S> {
        /** The state afterwards; null if the operation cannot have happened in this state. */
        @Nullable
        S on(S state);
    }

    /**
     * @param called when it began
     * @param returned when its caller knew; {@link #NEVER} if nobody does
     * @param certain whether it happened for certain; others may be left out
     */
    public record Operation<S>(String name, long called, long returned, boolean certain, Effect<S> effect) {}

    private record Visited<S>(long done, S state) {}

    private Linearizability() {}

    /** Whether such an order exists. */
    public static <S> boolean holds(S initial, List<Operation<S>> operations) {
        if (operations.size() > MAX_OPERATIONS) {
            throw new IllegalArgumentException(operations.size() + " operations, at most " + MAX_OPERATIONS);
        }
        long required = 0;
        for (int i = 0; i < operations.size(); i++) {
            required |= operations.get(i).certain() ? 1L << i : 0;
        }
        Set<Visited<S>> seen = new HashSet<>();
        List<Visited<S>> open = new ArrayList<>(List.of(new Visited<>(0, initial)));
        while (!open.isEmpty()) {
            Visited<S> at = open.remove(open.size() - 1);
            if ((at.done() & required) == required) {
                return true;
            }
            if (seen.add(at)) {
                open.addAll(next(at, operations));
            }
        }
        return false;
    }

    private static <S> List<Visited<S>> next(Visited<S> at, List<Operation<S>> operations) {
        long firstReturn = NEVER;
        for (int i = 0; i < operations.size(); i++) {
            if ((at.done() >> i & 1) == 0 && operations.get(i).certain()) {
                firstReturn = Math.min(firstReturn, operations.get(i).returned());
            }
        }
        List<Visited<S>> next = new ArrayList<>();
        for (int i = 0; i < operations.size(); i++) {
            Operation<S> operation = operations.get(i);
            if ((at.done() >> i & 1) == 0 && operation.called() <= firstReturn) {
                S state = operation.effect().on(at.state());
                if (state != null) {
                    next.add(new Visited<>(at.done() | 1L << i, state));
                }
            }
        }
        return next;
    }
}
