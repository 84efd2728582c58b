package io.keplerfs.disk;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import java.util.zip.CRC32C;

/** Finds the whole entries of a {@link JournalFile} that is being read, also behind a damaged length. One thread. */
final class JournalFrames {
    /** The largest entry fits twice, so a search reads little more than once. */
    private static final int WINDOW_BYTES = 2 * (JournalEntry.MOST_BODY_BYTES + JournalEntry.FRAME_BYTES);
    /** A search may hash so many bytes in one file: seconds, whatever is in it. */
    private static final long MOST_HASHED_BYTES = 1L << 30;

    private final FileChannel channel;
    private final long size;
    private byte[] window = new byte[0];
    private long windowAt;
    private long hashed;

    JournalFrames(FileChannel channel, long size) {
        this.channel = channel;
        this.size = size;
    }

    /** These bytes of the file, all of which must be in it. */
    byte[] bytes(long at, int count) throws IOException {
        int from = offset(at, count);
        return Arrays.copyOfRange(window, from, from + count);
    }

    /** Reads them if need be, and says where they are in the window. */
    private int offset(long at, int count) throws IOException {
        if (at < windowAt || at + count > windowAt + window.length) {
            ByteBuffer read = ByteBuffer.allocate((int) Math.min(WINDOW_BYTES, size - at));
            while (read.hasRemaining()) {
                if (channel.read(read, at + read.position()) < 0) {
                    throw new EOFException("a file of the journal became shorter while it was read");
                }
            }
            window = read.array();
            windowAt = at;
        }
        return (int) (at - windowAt);
    }

    /** The length of the body of the whole entry there; 0 if there is none. */
    int bodyAt(long at) throws IOException {
        int length = lengthAt(at);
        if (length == 0) {
            return 0;
        }
        int from = offset(at, JournalEntry.FRAME_BYTES + length);
        CRC32C crc = new CRC32C();
        crc.update(window, from + JournalEntry.FRAME_BYTES, length);
        return (int) crc.getValue() == number(from + Integer.BYTES) ? length : 0;
    }

    /** What the length there says; 0 if it cannot be one. */
    private int lengthAt(long at) throws IOException {
        if (size - at <= JournalEntry.FRAME_BYTES) {
            return 0;
        }
        int length = number(offset(at, Integer.BYTES));
        boolean possible =
                length > 0 && length <= JournalEntry.MOST_BODY_BYTES && length <= size - at - JournalEntry.FRAME_BYTES;
        return possible ? length : 0;
    }

    private int number(int from) {
        return ByteBuffer.wrap(window, from, Integer.BYTES).getInt();
    }

    /**
     * Where the next whole entry begins behind a damaged one: where its length leads, if that is right, because in its body a file may
     * have what looks like an entry; else wherever one is.
     *
     * @return -1 if none is found
     */
    long nextAfter(long at) throws IOException {
        int length = lengthAt(at);
        long behind = at + JournalEntry.FRAME_BYTES + length;
        if (length > 0 && bodyAt(behind) > 0) {
            return behind;
        }
        for (long next = at + 1; next < size && hashed < MOST_HASHED_BYTES; next++) {
            int claimed = lengthAt(next);
            if (claimed > 0 && isKind(next)) {
                hashed += claimed;
                if (bodyAt(next) > 0) {
                    return next;
                }
            }
        }
        return -1;
    }

    private boolean isKind(long at) throws IOException {
        int kind = window[offset(at, JournalEntry.FRAME_BYTES + 1) + JournalEntry.FRAME_BYTES];
        return kind >= JournalEntry.GROUP && kind <= JournalEntry.DELIVERED;
    }
}
