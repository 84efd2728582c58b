package io.keplerfs.spi;

import io.keplerfs.values.ChunkId;
import java.io.IOException;

/** The store does not have the bytes of this chunk (never had, trashed, or quarantined). */
public final class MissingChunkException extends IOException {
    private final ChunkId chunk;

    public MissingChunkException(ChunkId chunk, String detail) {
        super("chunk " + chunk + ": " + detail);
        this.chunk = chunk;
    }

    public ChunkId chunk() {
        return chunk;
    }
}
