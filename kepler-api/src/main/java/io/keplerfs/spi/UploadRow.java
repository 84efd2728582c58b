package io.keplerfs.spi;

import io.keplerfs.values.VersionId;

/**
 * A write this node coordinates, kept from its first pin to its end.
 *
 * @param id the write
 * @param bucket where
 * @param key what
 * @param state how far it has come
 * @param createdMillis when it began, milliseconds since 1970
 */
public record UploadRow(VersionId id, String bucket, String key, State state, long createdMillis) {
    public enum State {
        /** Chunks are being stored; the manifest was not sent to anybody. */
        OPEN,
        /** The manifest may have been sent: only the register knows. */
        COMMITTING
    }
}
