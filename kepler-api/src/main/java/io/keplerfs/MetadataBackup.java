package io.keplerfs;

import java.nio.file.Path;

/**
 * A backup of one node's metadata, as {@link KeplerNode#backup} wrote it.
 *
 * @param file where it is, on the node's machine
 * @param sizeBytes of the file
 * @param registers rows of files, buckets and their deletions in it
 * @param chunks rows of chunks; their bytes are not in it
 */
public record MetadataBackup(Path file, long sizeBytes, long registers, long chunks) {}
