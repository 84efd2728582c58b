package io.keplerfs.spi;

import io.keplerfs.values.ChunkId;

/**
 * One reason why a chunk is kept. References are a set of (chunk, upload), never a counter: recording or dropping one twice is
 * the same as once.
 *
 * @param chunk what is needed
 * @param pin who needs it
 * @param state how sure that is
 * @param sinceMillis when the store recorded this state, milliseconds since 1970
 */
public record Reference(ChunkId chunk, Pin pin, State state, long sinceMillis) {
    public enum State {
        /** The upload may still be committed, or was and nobody has said so here. */
        INTENT,
        /** The upload was committed: its manifest has been the current version of its file. */
        REF,
        /** The upload is dead for good. Kept for a while, so that a late pin of it is not taken for a new one. */
        DROPPED
    }

    /** Whether it keeps the chunk. */
    public boolean isLive() {
        return state != State.DROPPED;
    }
}
