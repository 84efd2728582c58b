package io.keplerfs.register;

import io.keplerfs.spi.Ballot;
import java.util.List;

/** What a listing found. */
public sealed interface ListResult {
    /**
     * Keys with a value, tombstones left out, in the byte order of the keys.
     *
     * @param more whether there may be keys above the last entry; false is certain
     */
    record Page(List<Entry> entries, boolean more) implements ListResult {}

    /** Too few owners of some shard answered. */
    record Unavailable(String reason) implements ListResult {}

    /**
     * @param accepted zero for one that stands for a folder: it was live, nothing else is known of it
     * @param value without ancestors, and without payload unless that was asked for; {@link RegisterValue#NONE} for a folder
     */
    record Entry(String key, Ballot accepted, RegisterValue value) {}
}
