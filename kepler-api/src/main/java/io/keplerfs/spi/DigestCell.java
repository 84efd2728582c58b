package io.keplerfs.spi;

import io.keplerfs.values.ChunkId;
import java.nio.charset.StandardCharsets;

/**
 * One of the {@value #PER_PARTITION} parts of a partition whose items have a digest of their own, so that few items are named
 * when two owners differ. A register's cell is the top 6 bits of SHA-256(UTF-8 key), a chunk's the 6 bits of its id behind those
 * of its partition. Part of the wire format.
 *
 * @param kind of the items
 * @param partition of the hash space, from 0
 * @param number within the partition, from 0
 */
public record DigestCell(DigestKind kind, int partition, int number) {
    private static final int PARTITION_BITS = 14;

    /** The hash space is always cut into so many parts for digests. */
    public static final int PARTITIONS = 1 << PARTITION_BITS;

    public static final int PER_PARTITION = 64;

    /** A register of this bucket decides a view: its owners are voters, whom no partition tells. */
    public static final String UNPLACED_BUCKET = "$view";

    private static final int NUMBER_BITS = 6;
    private static final int CELL_BITS = PARTITION_BITS + NUMBER_BITS;

    public DigestCell {
        if (partition < 0 || partition >= PARTITIONS || number < 0 || number >= PER_PARTITION) {
            throw new IllegalArgumentException("no cell " + number + " of partition " + partition);
        }
    }

    public static DigestCell of(RegisterKey key) {
        int partition = (int) (RegisterKey.position(key.bucket(), key.shard()) >>> (Long.SIZE - PARTITION_BITS));
        byte first = Digest.sha256(key.key().getBytes(StandardCharsets.UTF_8))[0];
        return new DigestCell(DigestKind.REGISTERS, partition, (first & 0xff) >>> (Byte.SIZE - NUMBER_BITS));
    }

    public static DigestCell of(ChunkId chunk) {
        return at(DigestKind.CHUNKS, (int) (chunk.prefix() >>> (Long.SIZE - CELL_BITS)));
    }

    /** The cell of this {@link #index}. */
    public static DigestCell at(DigestKind kind, int index) {
        return new DigestCell(kind, index >>> NUMBER_BITS, index % PER_PARTITION);
    }

    /** Whether the register is part of a digest. */
    public static boolean counts(RegisterRow row) {
        return counts(row.key(), row.accepted());
    }

    /** Whether a register with this accepted ballot is part of a digest. */
    public static boolean counts(RegisterKey key, Ballot accepted) {
        return !accepted.isZero() && !key.bucket().equals(UNPLACED_BUCKET);
    }

    /** Among all cells of its kind. */
    public int index() {
        return partition << NUMBER_BITS | number;
    }

    /** Whether the chunk lies in this cell. */
    public boolean has(ChunkId chunk) {
        return of(chunk).equals(this);
    }
}
