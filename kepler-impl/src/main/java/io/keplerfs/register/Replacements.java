package io.keplerfs.register;

import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.Store;

/** Hears of values that others take the place of; supplied from above. */
@FunctionalInterface
public interface Replacements {
    /** Nobody listens. */
    Replacements IGNORED = (tables, key, before, after) -> {};

    /**
     * This owner takes one write in place of another, in this very transaction; neither need ever have been chosen, and the old
     * one may still come back. May add to the transaction. On the store's writer.
     */
    void replaced(Store.Transaction tables, RegisterKey key, RegisterValue before, RegisterValue after);
}
