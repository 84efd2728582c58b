package io.keplerfs.register;

import io.keplerfs.spi.Ballot;
import io.keplerfs.values.NodeId;
import java.util.List;

/** What a read found. */
public sealed interface ReadResult {
    /**
     * The newest value that a majority of the owners has, or a newer one.
     *
     * @param value {@link RegisterValue#NONE} if there never was one
     * @param ballot under which it is accepted
     * @param behind owners that reported something older: a hint for repair
     */
    record Value(RegisterValue value, Ballot ballot, List<NodeId> behind) implements ReadResult {}

    /** Too few owners answered. */
    record Unavailable(String reason) implements ReadResult {}
}
