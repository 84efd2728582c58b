package io.keplerfs;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.WritableByteChannel;

/**
 * One version of a file, held for reading: whatever is written meanwhile, every stream of it delivers this version's bytes or
 * fails. Holds no resource until a stream is opened. Safe for use by several threads; its streams are not.
 */
public interface FileSnapshot {
    FileInfo info();

    /**
     * The bytes {@code offset} to {@code offset + length - 1}, checked before they are handed out; only the chunks they touch
     * are fetched. Reading may throw {@link UnavailableException} or {@link CorruptFileException}; it never ends early.
     *
     * @throws IllegalArgumentException if the range does not lie within the file
     */
    InputStream stream(long offset, long length);

    /** The whole file. */
    default InputStream stream() {
        return stream(0, info().sizeBytes());
    }

    /**
     * Writes a range to a blocking channel.
     *
     * @return bytes written, always {@code length}
     */
    default long transferTo(WritableByteChannel target, long offset, long length) throws IOException {
        try (InputStream in = stream(offset, length)) {
            return in.transferTo(java.nio.channels.Channels.newOutputStream(target));
        }
    }
}
