package io.keplerfs.replication;

import io.keplerfs.values.ChunkId;

/**
 * A chunk as a manifest names it.
 *
 * @param id hash of its bytes
 * @param sizeBytes how many there are
 */
public record ChunkRef(ChunkId id, int sizeBytes) {}
