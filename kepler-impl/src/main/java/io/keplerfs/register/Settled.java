package io.keplerfs.register;

/** What became of a write whose coordinator no longer knows. */
public sealed interface Settled {
    /** What is known of the write. */
    enum Fate {
        /** It is the current value. */
        CURRENT,
        /** It happened, and later writes were built on it. */
        SUPERSEDED,
        /** An owner has heard of it, or has forgotten too much: it may have been current for a while, and is not now. */
        PERHAPS,
        /** It never happened; or it did more than a day ago, and the file and its tombstone are gone since. */
        NEVER
    }

    /**
     * Every ballot made before this is powerless now: unless a live coordinator tries the write again, its fate is sealed.
     *
     * @param current what the register holds, on a majority of its owners
     */
    record Sealed(Fate fate, RegisterValue current) implements Settled {}

    /** Too few owners answered; nothing is known. */
    record Unavailable(String reason) implements Settled {}
}
