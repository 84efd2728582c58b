package io.keplerfs.repair;

import io.keplerfs.spi.ChunkRow;
import java.util.concurrent.CompletableFuture;

/** What is done about a chunk whose copy on this disk is lost. */
@FunctionalInterface
interface Recovery {
    /** What became of it. */
    enum Outcome {
        /** It has been mended or collected meanwhile. */
        NOT_LOST,
        /** Nobody asks for this copy: no file that is known here has the chunk, or this node is none of its owners. */
        NOT_NEEDED,
        /** It is owed to this node, and somebody has a good copy. */
        UNDER_WAY,
        /** It is owed to this node, but not every node that could have a copy answers; the queue tries again. */
        UNKNOWN,
        /** Not one node has a good copy: only its quarantined ones are left. */
        LOST_EVERYWHERE,
        /** Nothing was done: too much is owed to this node already, or its tables cannot be used. To be asked again. */
        LATER
    }

    /** Makes durable that this node lacks the chunk, unless nobody has it. On the loop. */
    CompletableFuture<Outcome> mend(ChunkRow lost);
}
