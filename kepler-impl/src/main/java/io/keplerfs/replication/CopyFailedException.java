package io.keplerfs.replication;

import io.keplerfs.loop.Failures;
import io.keplerfs.values.NodeId;

/** A copy that failed after its target had answered: to try again costs as much as this time, so it waits longer and longer. */
final class CopyFailedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    CopyFailedException(ChunkRef chunk, NodeId target, Throwable failure) {
        super("chunk " + chunk.id() + " is not copied to " + target + ": " + Failures.unwrap(failure), failure);
    }
}
