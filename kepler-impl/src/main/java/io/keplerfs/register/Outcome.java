package io.keplerfs.register;

import io.keplerfs.spi.Ballot;
import io.keplerfs.values.NodeId;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** How a change ended. Texts name the key, the write, what answered and what did not. */
public sealed interface Outcome {
    /**
     * It happened, and a majority of every set of owners has it on disk.
     *
     * @param value what the register held when it was finished: this write, or a later one built on it
     * @param ballot under which a majority accepted {@code value}
     * @param superseded whether {@code value} is a later write
     * @param acked owners that have {@code value}, so far
     * @param open owners that had not answered or had denied when the majority was complete
     * @param missing completes on the loop when all of those have answered or timed out, with those that do not have
     *     {@code value}: the ones that need repair
     */
    record Done(
            RegisterValue value,
            Ballot ballot,
            boolean superseded,
            List<NodeId> acked,
            List<NodeId> open,
            CompletionStage<List<NodeId>> missing)
            implements Outcome {}

    /**
     * The condition does not hold, for certain; the write did not happen and never will.
     *
     * @param current what the condition was held against
     */
    record Refused(String reason, RegisterValue current) implements Outcome {}

    /** Nothing happened, and nothing will: no owner can have taken the write. */
    record Unavailable(String reason) implements Outcome {}

    /** It may have happened, or may happen yet. The same write may be tried again under the same id. */
    record Indeterminate(String reason) implements Outcome {}
}
