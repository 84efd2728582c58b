package io.keplerfs.spi;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Names one register.
 *
 * @param bucket a bucket, or a reserved name beginning with {@code $}
 * @param shard which shard of the bucket's key space, from 0
 * @param key file key; empty for what an owner keeps about the shard itself
 */
public record RegisterKey(String bucket, int shard, String key) implements Comparable<RegisterKey> {
    /** By bucket, shard, then the UTF-8 bytes of the key: the order of every listing. */
    @Override
    public int compareTo(RegisterKey other) {
        int byBucket = bucket.compareTo(other.bucket);
        if (byBucket != 0) {
            return byBucket;
        }
        int byShard = Integer.compare(shard, other.shard);
        return byShard != 0 ? byShard : compareKeys(key, other.key);
    }

    /** Unsigned byte order of the UTF-8 forms, which is code point order and not {@link String#compareTo}. */
    public static int compareKeys(String a, String b) {
        int shorter = Math.min(a.length(), b.length());
        for (int i = 0; i < shorter; i++) {
            if (a.charAt(i) != b.charAt(i)) {
                return Integer.compare(rank(a.charAt(i)), rank(b.charAt(i)));
            }
        }
        return Integer.compare(a.length(), b.length());
    }

    /** Surrogates stand for code points above all that fit into one char. */
    private static int rank(char unit) {
        return Character.isSurrogate(unit) ? unit + Character.MAX_VALUE : unit;
    }

    /**
     * Where the registers of one shard of a bucket lie in the circle of unsigned 64-bit numbers: the first 8 bytes of
     * SHA-256(UTF-8 bucket, one zero byte, 4 bytes shard).
     */
    public static long position(String bucket, int shard) {
        byte[] name = bucket.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(name.length + 1 + Integer.BYTES);
        byte[] hash = Digest.sha256(bytes.put(name).put((byte) 0).putInt(shard).array());
        return ByteBuffer.wrap(hash).getLong();
    }
}
