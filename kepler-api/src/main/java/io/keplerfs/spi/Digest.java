package io.keplerfs.spi;

import io.keplerfs.values.ChunkId;
import io.keplerfs.values.VersionId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * A 128-bit number that stands for one item, or for a set of items as the sum of theirs modulo 2^128: so that two owners see at
 * a glance whether they keep the same, and a change costs an addition. Part of the wire format:
 *
 * <pre>
 * register   the first 16 bytes of SHA-256(UTF-8 bucket, one zero byte, 4 bytes shard,
 *            16 bytes node and 8 bytes time of the accepted ballot, UTF-8 key)
 * reference  the first 16 bytes of SHA-256(32 bytes chunk, 16 bytes upload)
 * </pre>
 *
 * @param high upper 64 bits
 * @param low lower 64 bits
 */
public record Digest(long high, long low) implements Comparable<Digest> {
    /** Of nothing. */
    public static final Digest ZERO = new Digest(0, 0);

    /** In bytes. */
    public static final int BYTES = 2 * Long.BYTES;

    private static final int BALLOT_BYTES = 3 * Long.BYTES;

    /** Of one register with the value of this ballot. */
    public static Digest of(RegisterKey key, Ballot accepted) {
        byte[] bucket = key.bucket().getBytes(StandardCharsets.UTF_8);
        byte[] name = key.key().getBytes(StandardCharsets.UTF_8);
        ByteBuffer item = ByteBuffer.allocate(bucket.length + 1 + Integer.BYTES + BALLOT_BYTES + name.length);
        item.put(bucket).put((byte) 0).putInt(key.shard());
        item.putLong(accepted.node().uuid().getMostSignificantBits())
                .putLong(accepted.node().uuid().getLeastSignificantBits())
                .putLong(accepted.time());
        return read(ByteBuffer.wrap(sha256(item.put(name).array())));
    }

    /** Of one live reference to a chunk whose bytes are there. */
    public static Digest of(ChunkId chunk, VersionId upload) {
        ByteBuffer item = ByteBuffer.allocate(ChunkId.BYTES + BYTES).put(chunk.bytes());
        item.putLong(upload.uuid().getMostSignificantBits())
                .putLong(upload.uuid().getLeastSignificantBits());
        return read(ByteBuffer.wrap(sha256(item.array())));
    }

    public Digest plus(Digest other) {
        long sum = low + other.low;
        long carry = Long.compareUnsigned(sum, low) < 0 ? 1 : 0;
        return new Digest(high + other.high + carry, sum);
    }

    public Digest minus(Digest other) {
        long borrow = Long.compareUnsigned(low, other.low) < 0 ? 1 : 0;
        return new Digest(high - other.high - borrow, low - other.low);
    }

    public boolean isZero() {
        return high == 0 && low == 0;
    }

    /** {@value #BYTES} bytes, big-endian. */
    public void write(ByteBuffer into) {
        into.putLong(high).putLong(low);
    }

    /** The next {@value #BYTES} bytes. */
    public static Digest read(ByteBuffer from) {
        return new Digest(from.getLong(), from.getLong());
    }

    /** As unsigned numbers. */
    @Override
    public int compareTo(Digest other) {
        int byHigh = Long.compareUnsigned(high, other.high);
        return byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
    }

    static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError("every Java platform has SHA-256", impossible);
        }
    }
}
