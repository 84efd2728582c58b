package io.keplerfs.spi;

import io.keplerfs.values.ChunkId;

/**
 * What a store knows of one chunk.
 *
 * @param id its hash
 * @param sizeBytes length
 * @param state whether its bytes may be read
 */
public record ChunkRow(ChunkId id, int sizeBytes, State state) {
    public enum State {
        /** Complete and fsynced. */
        LIVE,
        /** Unreferenced and on its way out. */
        TRASH,
        /** Failed its hash; kept aside for inspection. */
        QUARANTINE
    }
}
