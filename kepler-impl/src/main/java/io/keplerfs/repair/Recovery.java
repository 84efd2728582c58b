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
        /** It is owed to this node, or not needed here. */
        UNDER_WAY,
        /** Not one node has a good copy: only its quarantined ones are left. */
        LOST_EVERYWHERE,
        /** Not every node that could have a copy answers; it is tried again. */
        UNKNOWN
    }

    /** Makes durable that this node lacks the chunk, if another node has it. On the loop. */
    CompletableFuture<Outcome> mend(ChunkRow lost);
}
