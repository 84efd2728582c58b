package io.keplerfs.disk;

import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Writes one checkpoint of the {@link ManifestJournal}: everything in {@code meta.db} that the journal has to have. Used once. */
final class JournalCheckpoint {
    /** A few of the largest values fit into any heap. */
    private static final int PAGE = 64;
    /** Small entries become large writes, and free space is looked at as often. */
    private static final int GATHERED_BYTES = 1 << 18;

    private final DataDirectory directory;
    private final Disk disk;
    private final long number;
    private final BooleanSupplier closing;
    private final ByteBuffer gathered = ByteBuffer.allocate(GATHERED_BYTES);
    private long bytes;

    JournalCheckpoint(DataDirectory directory, Disk disk, long number, BooleanSupplier closing) {
        this.directory = directory;
        this.disk = disk;
        this.number = number;
        this.closing = closing;
    }

    /**
     * @param covers the last group that is in it
     * @return its size
     * @throws IOException also if the store closes, or if what is kept free for meta.db would be taken; then the file is to be deleted
     */
    long write(Path file, long covers, ManifestJournal.Committed committed) throws IOException {
        try (Disk.Output output = disk.create(file)) {
            add(output, new JournalFile.Header(directory.nodeId(), number, 0).toBytes());
            addRegisters(output, committed);
            for (IntentRow fast : committed.fastWrites()) {
                add(output, new JournalEntry.Fast(fast).framed());
            }
            add(output, new JournalEntry.Group(covers).framed());
            flush(output);
            output.force();
            return bytes;
        }
    }

    private void addRegisters(Disk.Output output, ManifestJournal.Committed committed) throws IOException {
        RegisterKey cursor = null;
        List<RegisterRow> page;
        do {
            if (closing.getAsBoolean()) {
                throw new IOException("the store closes");
            }
            page = committed.registersAfter(cursor, PAGE);
            for (RegisterRow row : page) {
                cursor = row.key();
                if (row.value().length > 0) {
                    add(output, new JournalEntry.Accepted(row.key(), row.accepted(), row.value()).framed());
                }
            }
            flush(output);
        } while (page.size() == PAGE);
    }

    private void add(Disk.Output output, byte[] entry) throws IOException {
        bytes += entry.length;
        if (entry.length > gathered.remaining()) {
            flush(output);
        }
        if (entry.length > gathered.capacity()) {
            write(output, ByteBuffer.wrap(entry));
        } else {
            gathered.put(entry);
        }
    }

    private void flush(Disk.Output output) throws IOException {
        gathered.flip();
        if (gathered.hasRemaining()) {
            write(output, gathered);
        }
        gathered.clear();
    }

    private void write(Disk.Output output, ByteBuffer part) throws IOException {
        long reserve = Store.Usage.reserveBytes(disk.totalBytes(directory.root()));
        long free = disk.freeBytes(directory.root());
        if (free - part.remaining() < reserve) {
            throw new IOException("only " + free + " bytes are left after " + bytes + " were written, and " + reserve
                    + " are kept for meta.db");
        }
        output.write(part);
    }
}
