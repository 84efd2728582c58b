package io.keplerfs.spi;

import io.keplerfs.values.VersionId;

/**
 * A write this node coordinates, kept from its first pin to its end.
 *
 * @param id the write
 * @param bucket where
 * @param key what
 * @param createdMillis when it began, milliseconds since 1970
 */
public record UploadRow(VersionId id, String bucket, String key, long createdMillis) {}
