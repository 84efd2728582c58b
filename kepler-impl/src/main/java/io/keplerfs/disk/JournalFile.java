package io.keplerfs.disk;

import io.keplerfs.values.NodeId;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One file of the {@link ManifestJournal}: a header and entries.
 *
 * <pre>
 * byte 0    4         5          21         29      37          41
 *      | KFMJ | u8 1  | node id  | number   | base  | CRC-32C   | entries ...
 *               format  uuid       long       long    of 0 to 36
 * </pre>
 *
 * @param path where it is
 * @param number from its name: 16 hexadecimal digits
 * @param whole a checkpoint ({@code .all}), which has all that was in the files up to its number; else a segment ({@code .log})
 */
record JournalFile(Path path, long number, boolean whole) {
    static final String SEGMENT = ".log";
    static final String CHECKPOINT = ".all";
    /** A checkpoint being written. */
    static final String UNFINISHED = ".new";

    static final int HEADER_BYTES = 41;
    private static final int MAGIC = 0x4b464d4a;
    private static final int FORMAT = 1;
    private static final int DIGITS = 16;

    /**
     * @param node who wrote it
     * @param base the checkpoint without which this file and those before it are not all; 0 for none
     */
    record Header(NodeId node, long number, long base) {
        byte[] toBytes() {
            byte[] front = new WireWriter()
                    .raw(ByteBuffer.allocate(Integer.BYTES).putInt(MAGIC).array())
                    .u8(FORMAT)
                    .node(node)
                    .int64(number)
                    .int64(base)
                    .toBytes();
            return ByteBuffer.allocate(HEADER_BYTES)
                    .put(front)
                    .putInt(JournalEntry.checksum(front))
                    .array();
        }

        static Optional<Header> of(byte[] bytes) {
            ByteBuffer all = ByteBuffer.wrap(bytes);
            byte[] front = new byte[HEADER_BYTES - Integer.BYTES];
            all.get(front);
            if (all.getInt() != JournalEntry.checksum(front)
                    || ByteBuffer.wrap(front).getInt() != MAGIC
                    || front[Integer.BYTES] != FORMAT) {
                return Optional.empty();
            }
            WireReader in = new WireReader(front);
            in.raw(Integer.BYTES + 1);
            return Optional.of(new Header(in.node(), in.int64(), in.int64()));
        }
    }

    /** Who hears of the entries, in their order. */
    @FunctionalInterface
    interface Visitor {
        /** @param at where {@link #entryAt} finds it again */
        void entry(JournalEntry entry, long at) throws IOException;
    }

    /**
     * What could be read.
     *
     * @param header empty if it is damaged or of a newer format: then nothing was read
     * @param damagedEntries places where something was left out: between whole entries, or an entry of a newer release
     * @param unreadBytes at the end, behind the last whole entry: torn by a crash, as a rule
     */
    record Reading(Optional<Header> header, int damagedEntries, long unreadBytes) {
        boolean isWhole() {
            return header.isPresent() && damagedEntries == 0 && unreadBytes == 0;
        }
    }

    static String name(long number, String suffix) {
        return HexFormat.of().toHexDigits(number) + suffix;
    }

    /** Checkpoints and segments, oldest first; a checkpoint comes behind the segment of its number, which it contains. */
    static List<JournalFile> in(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.flatMap(path -> parse(path).stream())
                    .sorted(Comparator.comparingLong(JournalFile::number).thenComparing(JournalFile::whole))
                    .toList();
        }
    }

    /** The newest checkpoint, if there is one, and the segments behind it: what counts. */
    static List<JournalFile> counting(List<JournalFile> files) {
        long covered = newestCheckpoint(files);
        return files.stream()
                .filter(file -> file.whole ? file.number == covered : file.number > covered)
                .toList();
    }

    /** Its number, 0 for none. */
    static long newestCheckpoint(List<JournalFile> files) {
        return files.stream()
                .filter(JournalFile::whole)
                .mapToLong(JournalFile::number)
                .max()
                .orElse(0);
    }

    private static Optional<JournalFile> parse(Path path) {
        String name = String.valueOf(path.getFileName());
        boolean whole = name.endsWith(CHECKPOINT);
        if (!name.matches("[0-7][0-9a-f]{" + (DIGITS - 1) + "}\\.(log|all)")) {
            return Optional.empty();
        }
        return Optional.of(new JournalFile(path, HexFormat.fromHexDigitsToLong(name, 0, DIGITS), whole));
    }

    /** Reads what is whole, also behind damage; that is counted and never thrown. */
    Reading read(Visitor visitor) throws IOException {
        long size = Files.size(path);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            JournalFrames frames = new JournalFrames(channel, size);
            Optional<Header> header = size < HEADER_BYTES ? Optional.empty() : Header.of(frames.bytes(0, HEADER_BYTES));
            return header.isEmpty() ? new Reading(header, 0, size) : readEntries(frames, header, size, visitor);
        }
    }

    private static Reading readEntries(JournalFrames frames, Optional<Header> header, long size, Visitor visitor)
            throws IOException {
        int damaged = 0;
        long at = HEADER_BYTES;
        while (at < size) {
            int length = frames.bodyAt(at);
            if (length > 0) {
                damaged += visit(frames.bytes(at + JournalEntry.FRAME_BYTES, length), at, visitor);
                at += JournalEntry.FRAME_BYTES + length;
            } else {
                long next = frames.nextAfter(at);
                if (next < 0) {
                    return new Reading(header, damaged, size - at);
                }
                damaged++;
                at = next;
            }
        }
        return new Reading(header, damaged, 0);
    }

    /** @return 1 for an entry that this release cannot read */
    private static int visit(byte[] body, long at, Visitor visitor) throws IOException {
        JournalEntry entry;
        try {
            entry = JournalEntry.of(body);
        } catch (MalformedMessageException unknown) {
            return 1;
        }
        visitor.entry(entry, at);
        return 0;
    }

    /** The entry that was visited there; an IOException if it is damaged by now. */
    static JournalEntry entryAt(Path path, long at) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
            file.seek(at);
            int length = file.readInt();
            int checksum = file.readInt();
            if (length <= 0 || length > JournalEntry.MOST_BODY_BYTES) {
                throw new IOException(path + " is damaged at byte " + at);
            }
            byte[] body = new byte[length];
            file.readFully(body);
            if (JournalEntry.checksum(body) != checksum) {
                throw new IOException(path + " is damaged at byte " + at);
            }
            return JournalEntry.of(body);
        } catch (EOFException shorter) {
            throw new IOException(path + " became shorter while it was read", shorter);
        }
    }

    /** The sequence a checkpoint ends with; empty if its end is damaged. */
    Optional<Long> finalSequence() throws IOException {
        long end = Files.size(path) - JournalEntry.Group.FRAMED_BYTES;
        try {
            return end >= HEADER_BYTES && entryAt(path, end) instanceof JournalEntry.Group last
                    ? Optional.of(last.sequence())
                    : Optional.empty();
        } catch (IOException | MalformedMessageException damaged) {
            return Optional.empty();
        }
    }
}
