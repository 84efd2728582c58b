package io.keplerfs.disk;

import io.keplerfs.spi.ChunkRow;

/**
 * A chunk's row with the sums that its bytes must have.
 *
 * @param row what the SPI shows
 * @param sums one per piece
 */
record StoredChunk(ChunkRow row, PieceSums sums) {}
