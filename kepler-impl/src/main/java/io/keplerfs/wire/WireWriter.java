package io.keplerfs.wire;

import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.BiConsumer;

/**
 * Appends values to a growing byte array. All numbers are big-endian; {@link WireReader} is the mirror image.
 *
 * <pre>
 * uint      1-5 bytes, 7 bits each, low group first, high bit = more follows
 * long      8 bytes
 * bytes     uint length, then the bytes
 * text      bytes of its UTF-8
 * uuid      16 bytes
 * ballot    long time, uuid node
 * list      uint count, then the elements
 * address   text host, uint http port, uint gossip port, uint transfer port
 * register  text bucket, uint shard, text key
 * </pre>
 */
public final class WireWriter {
    private static final int FIRST_SIZE = 128;

    private byte[] bytes = new byte[FIRST_SIZE];
    private int size;

    public WireWriter u8(int value) {
        room(1);
        bytes[size++] = (byte) value;
        return this;
    }

    public WireWriter bool(boolean value) {
        return u8(value ? 1 : 0);
    }

    public WireWriter uint(int value) {
        if (value < 0) {
            throw new IllegalArgumentException("uint cannot be " + value);
        }
        int rest = value;
        while (rest >= 0x80) {
            u8((rest & 0x7f) | 0x80);
            rest >>>= 7;
        }
        return u8(rest);
    }

    public WireWriter int64(long value) {
        room(Long.BYTES);
        for (int shift = 56; shift >= 0; shift -= 8) {
            bytes[size++] = (byte) (value >>> shift);
        }
        return this;
    }

    public WireWriter bytes(byte[] value) {
        uint(value.length);
        return raw(value);
    }

    /** The bytes alone: their number must be known to the reader. */
    public WireWriter raw(byte[] value) {
        room(value.length);
        System.arraycopy(value, 0, bytes, size, value.length);
        size += value.length;
        return this;
    }

    public WireWriter text(String value) {
        return bytes(value.getBytes(StandardCharsets.UTF_8));
    }

    public WireWriter uuid(UUID value) {
        return int64(value.getMostSignificantBits()).int64(value.getLeastSignificantBits());
    }

    public WireWriter node(NodeId value) {
        return uuid(value.uuid());
    }

    public WireWriter version(VersionId value) {
        return uuid(value.uuid());
    }

    public WireWriter chunk(ChunkId value) {
        return raw(value.bytes());
    }

    public WireWriter ballot(Ballot value) {
        return int64(value.time()).node(value.node());
    }

    public WireWriter address(NodeAddress value) {
        return text(value.host())
                .uint(value.httpPort())
                .uint(value.gossipPort())
                .uint(value.transferPort());
    }

    public WireWriter register(RegisterKey value) {
        return text(value.bucket()).uint(value.shard()).text(value.key());
    }

    public <T> WireWriter list(List<T> values, BiConsumer<WireWriter, T> element) {
        uint(values.size());
        values.forEach(value -> element.accept(this, value));
        return this;
    }

    public int size() {
        return size;
    }

    public byte[] toBytes() {
        return Arrays.copyOf(bytes, size);
    }

    /** What was written, without a copy; write nothing more afterwards. */
    public ByteBuffer toBuffer() {
        return ByteBuffer.wrap(bytes, 0, size);
    }

    private void room(int more) {
        if (more > bytes.length - size) {
            bytes = Arrays.copyOf(bytes, Math.max(Math.addExact(size, more), Math.multiplyExact(bytes.length, 2)));
        }
    }
}
