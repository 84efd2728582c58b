package io.keplerfs;

import java.util.Locale;

/** What an acknowledged write has reached. */
public enum Durability {
    /** Fsynced on a majority of its owners; visible to every later default read from any node. The default. */
    QUORUM,
    /** Fsynced on every owner. */
    ALL,
    /** Fsynced on this node only and queued for the owners; works on either side of a partition. */
    FAST;

    /** The lower-case word used in URLs and on the command line. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Reads {@link #word()}; throws IllegalArgumentException listing what is allowed. */
    public static Durability parse(String word) {
        for (Durability durability : values()) {
            if (durability.word().equals(word)) {
                return durability;
            }
        }
        throw new IllegalArgumentException("durability '" + word + "' is not one of quorum, all, fast");
    }
}
