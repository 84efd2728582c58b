package io.keplerfs.history;

import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Looks for an order of the operations on one object that explains what every caller saw and never puts an operation before one
 * that had returned when it was called (Wing and Gong's search, with a cache of visited states as Lowe proposes).
 *
 * <p>Objects are independent: check each file by itself. The cost is small while few operations overlap; it doubles with every
 * uncertain operation in the worst case, which is a history with a violation.
 */
public final class Linearizability {
    /** Some hundred megabytes of visited states; more can only mean a history that should have been cut into smaller ones. */
    private static final int MAX_STATES = 2_000_000;

    private record Visited<S>(BitSet done, S state) {}

    private Linearizability() {}

    /**
     * Whether such an order exists.
     *
     * @throws IllegalStateException if the search was given up after {@value #MAX_STATES} states
     */
    public static <S> boolean holds(S initial, List<Operation<S>> operations) {
        List<Operation<S>> ordered = operations.stream()
                .sorted(Comparator.comparingLong(Operation::called))
                .toList();
        BitSet required = new BitSet();
        for (int i = 0; i < ordered.size(); i++) {
            required.set(i, ordered.get(i).certain());
        }
        Set<Visited<S>> seen = new HashSet<>();
        Deque<Visited<S>> open = new ArrayDeque<>(List.of(new Visited<>(new BitSet(), initial)));
        while (!open.isEmpty()) {
            Visited<S> at = open.pop();
            if (includes(at.done(), required)) {
                return true;
            }
            if (seen.add(at)) {
                pushNext(at, ordered, required, open);
            }
            if (seen.size() > MAX_STATES) {
                throw new IllegalStateException("undecided after " + MAX_STATES + " states of " + operations.size()
                        + " operations: record fewer of them on one object");
            }
        }
        return false;
    }

    private static boolean includes(BitSet all, BitSet some) {
        BitSet rest = (BitSet) some.clone();
        rest.andNot(all);
        return rest.isEmpty();
    }

    /** Certain operations are tried first, later ones last: the real order is most often close to that of the calls. */
    private static <S> void pushNext(
            Visited<S> at, List<Operation<S>> ordered, BitSet required, Deque<Visited<S>> open) {
        int end = candidates(at.done(), ordered, required);
        for (boolean certain : new boolean[] {false, true}) {
            for (int i = end - 1; i >= 0; i--) {
                if (!at.done().get(i) && required.get(i) == certain) {
                    S state = ordered.get(i).effect().on(at.state());
                    if (state != null) {
                        BitSet done = (BitSet) at.done().clone();
                        done.set(i);
                        open.push(new Visited<>(done, state));
                    }
                }
            }
        }
    }

    /** How many of the operations were called before the first return among those that are left. */
    private static <S> int candidates(BitSet done, List<Operation<S>> ordered, BitSet required) {
        long firstReturn = Operation.NEVER;
        int i = 0;
        for (; i < ordered.size() && ordered.get(i).called() <= firstReturn; i++) {
            if (!done.get(i) && required.get(i)) {
                firstReturn = Math.min(firstReturn, ordered.get(i).returned());
            }
        }
        return i;
    }
}
