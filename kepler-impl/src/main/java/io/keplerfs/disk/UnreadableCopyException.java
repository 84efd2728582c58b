package io.keplerfs.disk;

import io.keplerfs.values.ChunkId;
import java.io.IOException;

/** The disk gave an error instead of a chunk's bytes: they may be there all the same, now or later. */
final class UnreadableCopyException extends IOException {
    UnreadableCopyException(ChunkId id, IOException error) {
        super("chunk " + id + " cannot be read: " + error, error);
    }
}
