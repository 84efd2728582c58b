package io.keplerfs.wire;

import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

/**
 * Takes values from bytes that a peer or a disk supplied; the format is drawn at {@link WireWriter}. Every length is checked
 * against what is left before anything is allocated. Throws {@link MalformedMessageException}, nothing else.
 */
public final class WireReader {
    private final ByteBuffer bytes;

    /** Reads between position and limit; the given buffer's own position does not move. */
    public WireReader(ByteBuffer bytes) {
        this.bytes = bytes.slice();
    }

    public WireReader(byte[] bytes) {
        this(ByteBuffer.wrap(bytes));
    }

    public int u8() {
        need(1);
        return bytes.get() & 0xff;
    }

    public boolean bool() {
        int value = u8();
        if (value > 1) {
            throw new MalformedMessageException("a boolean is 0 or 1, not " + value);
        }
        return value == 1;
    }

    public int uint() {
        long value = 0;
        for (int shift = 0; shift < 35; shift += 7) {
            int group = u8();
            value |= (long) (group & 0x7f) << shift;
            if (group < 0x80) {
                if (value > Integer.MAX_VALUE) {
                    throw new MalformedMessageException("uint is too large: " + value);
                }
                return (int) value;
            }
        }
        throw new MalformedMessageException("uint has more than 5 bytes");
    }

    public long int64() {
        need(Long.BYTES);
        return bytes.getLong();
    }

    public byte[] bytes() {
        return raw(uint());
    }

    public byte[] raw(int length) {
        need(length);
        byte[] value = new byte[length];
        bytes.get(value);
        return value;
    }

    public String text() {
        int length = uint();
        need(length);
        ByteBuffer encoded = bytes.slice(bytes.position(), length);
        bytes.position(bytes.position() + length);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(encoded).toString();
        } catch (CharacterCodingException notUtf8) {
            throw new MalformedMessageException("text of " + length + " bytes is not UTF-8");
        }
    }

    public UUID uuid() {
        return new UUID(int64(), int64());
    }

    public NodeId node() {
        return new NodeId(uuid());
    }

    public VersionId version() {
        return new VersionId(uuid());
    }

    public ChunkId chunk() {
        return ChunkId.ofHash(raw(ChunkId.BYTES));
    }

    public Ballot ballot() {
        return new Ballot(int64(), node());
    }

    public NodeAddress address() {
        return value(() -> new NodeAddress(text(), uint(), uint(), uint()));
    }

    public RegisterKey register() {
        return new RegisterKey(text(), uint(), text());
    }

    /** One list; its elements take at least one byte each, so a false count cannot allocate more than the message. */
    public <T> List<T> list(Function<WireReader, T> element) {
        int count = uint();
        need(count);
        List<T> values = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            values.add(element.apply(this));
        }
        return values;
    }

    /** One constant of an enum by its ordinal. */
    public <E extends Enum<E>> E constant(Class<E> type) {
        E[] constants = type.getEnumConstants();
        int ordinal = u8();
        if (ordinal >= constants.length) {
            throw new MalformedMessageException(type.getSimpleName() + " has no constant " + ordinal);
        }
        return constants[ordinal];
    }

    /** Builds a value whose constructor checks its arguments. */
    public <T> T value(java.util.function.Supplier<T> construction) {
        try {
            return construction.get();
        } catch (IllegalArgumentException refused) {
            throw new MalformedMessageException(String.valueOf(refused.getMessage()));
        }
    }

    public int remaining() {
        return bytes.remaining();
    }

    /** Call it last: trailing bytes mean that reader and writer disagree. */
    public void end() {
        if (bytes.hasRemaining()) {
            throw new MalformedMessageException(bytes.remaining() + " bytes too many");
        }
    }

    private void need(int length) {
        if (length > bytes.remaining()) {
            throw new MalformedMessageException(length + " bytes announced, " + bytes.remaining() + " left");
        }
    }
}
