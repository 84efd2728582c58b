package io.keplerfs.disk;

import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.values.VersionId;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** The journal's entries of the group being committed. Owned by the writer's thread. */
final class JournalBatch {
    /** A group of the largest values is let go afterwards. */
    private static final int KEPT_BYTES = 1 << 20;

    private byte[] bytes = new byte[1 << 14];
    private int length;
    private boolean touched;

    /** Where the entries of the next caller begin. */
    int mark() {
        return length;
    }

    /** A caller's transaction was undone. That it touched registers stays: nothing is wrong with a number too many. */
    void rewind(int mark) {
        length = mark;
    }

    /** @param changed whether what was accepted is new; a promise alone is no manifest, but counts as a change */
    void put(RegisterRow row, boolean changed) {
        touched = true;
        if (changed && row.value().length > 0) {
            add(new JournalEntry.Accepted(row.key(), row.accepted(), row.value()));
        }
    }

    void remove(RegisterKey key) {
        touched = true;
        add(new JournalEntry.Removed(key));
    }

    void fast(IntentRow row) {
        touched = true;
        add(new JournalEntry.Fast(row));
    }

    void delivered(RegisterKey key, VersionId id) {
        touched = true;
        add(new JournalEntry.Delivered(key, id));
    }

    boolean touched() {
        return touched;
    }

    private void add(JournalEntry entry) {
        byte[] framed = entry.framed();
        if (framed.length > bytes.length - length) {
            bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, Math.addExact(length, framed.length)));
        }
        System.arraycopy(framed, 0, bytes, length, framed.length);
        length += framed.length;
    }

    /** Everything, and the number of the group; until {@link #clear}. */
    ByteBuffer sealed(long sequence) {
        add(new JournalEntry.Group(sequence));
        return ByteBuffer.wrap(bytes, 0, length);
    }

    void clear() {
        length = 0;
        touched = false;
        if (bytes.length > KEPT_BYTES) {
            bytes = new byte[1 << 14];
        }
    }
}
