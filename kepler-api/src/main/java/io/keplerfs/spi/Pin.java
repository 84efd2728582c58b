package io.keplerfs.spi;

import io.keplerfs.values.VersionId;

/**
 * Why a chunk is kept: the upload that needs it.
 *
 * @param upload the write it belongs to
 * @param bucket where the file will be
 * @param key what the file will be called
 */
public record Pin(VersionId upload, String bucket, String key) {}
