package io.keplerfs.ring;

import com.google.common.hash.Hashing;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.NodeId;
import java.nio.ByteBuffer;

/**
 * Where things lie in the circle of unsigned 64-bit numbers. All numbers are big-endian; changing one byte of this forks every
 * cluster, so test vectors guard it.
 *
 * <pre>
 * virtual nodes 4i .. 4i+3 of a node   the four 8-byte quarters, in order, of
 *                                      SHA-256(16 bytes node id, 4 bytes i)
 * shard of a bucket                    the first 8 bytes of
 *                                      SHA-256(UTF-8 bucket, one zero byte, 4 bytes shard)
 * chunk                                the first 8 bytes of its id
 * </pre>
 */
final class HashSpace {
    /** One virtual node would load the worst of 100 nodes 2.7 times the mean; 256 bring it near 1.1. */
    static final int VIRTUAL_NODES_PER_WEIGHT = 256;

    private static final int POSITIONS_PER_HASH = 32 / Long.BYTES;

    private HashSpace() {}

    /** The first {@code count} virtual nodes, so that a node that gains weight keeps those it had; a multiple of four. */
    static long[] virtualNodes(NodeId id, int count) {
        long[] positions = new long[count];
        ByteBuffer name = ByteBuffer.allocate(2 * Long.BYTES + Integer.BYTES)
                .putLong(id.uuid().getMostSignificantBits())
                .putLong(id.uuid().getLeastSignificantBits());
        for (int i = 0; i < count / POSITIONS_PER_HASH; i++) {
            name.putInt(2 * Long.BYTES, i);
            sha256(name.array()).asLongBuffer().get(positions, POSITIONS_PER_HASH * i, POSITIONS_PER_HASH);
        }
        return positions;
    }

    static long shard(String bucket, int shard) {
        return RegisterKey.position(bucket, shard);
    }

    private static ByteBuffer sha256(byte[] bytes) {
        return ByteBuffer.wrap(Hashing.sha256().hashBytes(bytes).asBytes());
    }
}
