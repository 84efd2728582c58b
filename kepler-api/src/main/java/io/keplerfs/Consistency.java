package io.keplerfs;

import java.util.Locale;

/** What a read may answer. */
public enum Consistency {
    /** Linearizable per key: the newest acknowledged quorum write, or a newer one. The default. */
    QUORUM,
    /** What this node knows: never an error because of a partition, possibly old. */
    LOCAL;

    /** The lower-case word used in URLs and on the command line. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Reads {@link #word()}; throws IllegalArgumentException listing what is allowed. */
    public static Consistency parse(String word) {
        for (Consistency consistency : values()) {
            if (consistency.word().equals(word)) {
                return consistency;
            }
        }
        throw new IllegalArgumentException("consistency '" + word + "' is not one of quorum, local");
    }
}
