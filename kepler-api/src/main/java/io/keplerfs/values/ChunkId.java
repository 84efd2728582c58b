package io.keplerfs.values;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/** The SHA-256 of a chunk's bytes (32 bytes): equal bytes have equal names, so they are stored once. */
public final class ChunkId implements Comparable<ChunkId> {
    /** Length of the hash in bytes. */
    public static final int BYTES = 32;

    private final byte[] hash;

    private ChunkId(byte[] hash) {
        this.hash = hash;
    }

    /** Hashes the bytes between position and limit; the buffer's position does not move. */
    public static ChunkId of(ByteBuffer bytes) {
        MessageDigest sha256 = sha256();
        sha256.update(bytes.duplicate());
        return new ChunkId(sha256.digest());
    }

    /** Takes a copy of the 32 bytes of a hash; any other length is an IllegalArgumentException. */
    public static ChunkId ofHash(byte[] hash) {
        if (hash.length != BYTES) {
            throw new IllegalArgumentException("a chunk id has " + BYTES + " bytes, not " + hash.length);
        }
        return new ChunkId(hash.clone());
    }

    /** Parses 64 hexadecimal digits. */
    public static ChunkId parse(String hex) {
        return ofHash(HexFormat.of().parseHex(hex));
    }

    /** A copy of the 32 bytes. */
    public byte[] bytes() {
        return hash.clone();
    }

    /** The first eight bytes as one big-endian number: where on the hash ring the chunk lies. */
    public long prefix() {
        return ByteBuffer.wrap(hash).getLong();
    }

    @Override
    public int compareTo(ChunkId other) {
        return Arrays.compareUnsigned(hash, other.hash);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ChunkId that && Arrays.equals(hash, that.hash);
    }

    @Override
    public int hashCode() {
        return ByteBuffer.wrap(hash).getInt();
    }

    /** 64 lower-case hexadecimal digits. */
    @Override
    public String toString() {
        return HexFormat.of().formatHex(hash);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError("every Java platform has SHA-256", impossible);
        }
    }
}
