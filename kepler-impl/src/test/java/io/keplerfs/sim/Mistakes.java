package io.keplerfs.sim;

import java.util.Set;
import java.util.stream.Stream;

/**
 * Deliberate mistakes, to see that the simulator finds them.
 *
 * @param proposer a mistake in the protocol code, by name; NONE for the code as it is
 * @param disk lies of every node's disk
 * @param move slips in the move from one view to the next
 */
record Mistakes(String proposer, Set<SimStore.Lie> disk, Set<Slip> move) {
    static final Mistakes NONE = new Mistakes("NONE", Set.of(), Set.of());

    /** Slips in the move from one view to the next. */
    enum Slip {
        /** While both views count, a majority of the old owners is thought to be enough. */
        OLD_MAJORITY_ONLY,
        /** A new owner merges from one old owner. */
        ONE_OLD_OWNER,
        /** A new owner merges from old owners that have not entered the transition. */
        UNFENCED,
        /** A new owner refuses merged values below its promise. */
        HEEDS_PROMISES,
        /** A new owner does not take over the promises of the old ones. */
        DROPS_PROMISES,
        /** A new owner counts what it merged below its promise as its own vote. */
        VOTES_FOR_INHERITED,
        /** The gate does not look at the stage in the transaction. */
        GATE_NOT_IN_TRANSACTION
    }

    static Mistakes of(String proposer) {
        return new Mistakes(proposer, Set.of(), Set.of());
    }

    static Mistakes of(SimStore.Lie lie) {
        return new Mistakes("NONE", Set.of(lie), Set.of());
    }

    static Mistakes of(Slip slip) {
        return new Mistakes("NONE", Set.of(), Set.of(slip));
    }

    /** The one mistake in it. */
    String name() {
        return disk.isEmpty() && move.isEmpty()
                ? proposer
                : Stream.concat(disk.stream(), move.stream())
                        .findFirst()
                        .orElseThrow()
                        .name();
    }

    boolean has(Slip slip) {
        return move.contains(slip);
    }
}
