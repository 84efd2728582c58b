package io.keplerfs.disk;

import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.VersionId;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * What one entry of the {@link ManifestJournal} says. Each is framed, so that a torn or flipped one is known for what it is:
 *
 * <pre>
 * u32 length of the body | u32 CRC-32C of the body | body
 *
 * body: u8 0 group      long sequence                                 every entry of this transaction group is before it
 *          1 accepted   register, ballot, value: the rest
 *          2 removed    register
 *          3 fast       register, uuid id, ballot, value: the rest    a fast write waits for its delivery
 *          4 delivered  register, uuid id                             it does not any more
 * </pre>
 */
sealed interface JournalEntry {
    /** Length and checksum. */
    int FRAME_BYTES = 8;
    /** A payload of 1 MiB, its ancestors and its name fit twice; whatever claims more is no entry. */
    int MOST_BODY_BYTES = 2 << 20;

    int GROUP = 0;
    int ACCEPTED = 1;
    int REMOVED = 2;
    int FAST = 3;
    int DELIVERED = 4;

    /** What is before it was committed to {@code meta.db} in groups up to this number. */
    record Group(long sequence) implements JournalEntry {
        static final int FRAMED_BYTES = FRAME_BYTES + 1 + Long.BYTES;
    }

    record Accepted(RegisterKey key, Ballot ballot, byte[] value) implements JournalEntry {}

    record Removed(RegisterKey key) implements JournalEntry {}

    record Fast(IntentRow row) implements JournalEntry {}

    record Delivered(RegisterKey key, VersionId id) implements JournalEntry {}

    /** The entry in its frame. */
    default byte[] framed() {
        byte[] body = body();
        return ByteBuffer.allocate(FRAME_BYTES + body.length)
                .putInt(body.length)
                .putInt(checksum(body))
                .put(body)
                .array();
    }

    private byte[] body() {
        WireWriter out = new WireWriter();
        if (this instanceof Group group) {
            out.u8(GROUP).int64(group.sequence());
        } else if (this instanceof Accepted accepted) {
            out.u8(ACCEPTED).register(accepted.key()).ballot(accepted.ballot()).raw(accepted.value());
        } else if (this instanceof Removed removed) {
            out.u8(REMOVED).register(removed.key());
        } else if (this instanceof Fast fast) {
            IntentRow row = fast.row();
            out.u8(FAST)
                    .register(row.key())
                    .version(row.id())
                    .ballot(row.ballot())
                    .raw(row.value());
        } else if (this instanceof Delivered delivered) {
            out.u8(DELIVERED).register(delivered.key()).version(delivered.id());
        }
        return out.toBytes();
    }

    /** Reads a body; {@link MalformedMessageException} for what a newer release may have written. */
    static JournalEntry of(byte[] body) {
        WireReader in = new WireReader(body);
        int kind = in.u8();
        JournalEntry entry = switch (kind) {
            case GROUP -> new Group(in.int64());
            case ACCEPTED -> new Accepted(in.register(), in.ballot(), in.raw(in.remaining()));
            case REMOVED -> new Removed(in.register());
            case FAST -> new Fast(new IntentRow(in.register(), in.version(), in.ballot(), in.raw(in.remaining())));
            case DELIVERED -> new Delivered(in.register(), in.version());
            default -> throw new MalformedMessageException("journal entry of kind " + kind);
        };
        in.end();
        return entry;
    }

    static int checksum(byte[] body) {
        CRC32C crc = new CRC32C();
        crc.update(body);
        return (int) crc.getValue();
    }
}
