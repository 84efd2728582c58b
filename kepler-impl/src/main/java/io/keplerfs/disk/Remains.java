package io.keplerfs.disk;

import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.MissingChunkException;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.VersionId;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What can be read of a data directory whose node is stopped, or of a backup of its {@code meta.db}: the values of registers, from
 * {@code meta.db} and from the {@link ManifestJournal} alike, and the bytes of chunks. Writes nothing but the lock. Not safe for use by
 * several threads.
 */
public final class Remains implements Closeable {
    private static final String DATABASE = "meta.db";
    private static final String JOURNAL = "manifests";
    /** Chunks that were collected a moment too early are as good as any. */
    private static final List<String> CHUNK_PLACES = List.of("chunks", "trash");

    private final Path source;
    private final @Nullable DirectoryLock lock;
    private final @Nullable OldDatabase database;
    private final List<String> notes = new ArrayList<>();

    /**
     * Where a value lies.
     *
     * @param ballot the higher one is the newer
     * @param file of the journal; null for {@code meta.db}
     * @param at in that file
     */
    public record Located(Ballot ballot, @Nullable Path file, long at) {}

    /** Which fast write. */
    public record FastWrite(RegisterKey key, VersionId id) {}

    /**
     * The newest this source knows, and where else it may be read: never empty, the best first.
     *
     * @param registers values that were accepted
     * @param fastWrites acknowledged ones that were not delivered yet
     */
    public record Contents(Map<RegisterKey, List<Located>> registers, Map<FastWrite, List<Located>> fastWrites) {}

    /** The newest that one of the two knows. */
    private record Known(Map<RegisterKey, Located> registers, Map<FastWrite, Located> fastWrites) {
        boolean isIn(Known other) {
            return other.registers.keySet().containsAll(registers.keySet())
                    && other.fastWrites.keySet().containsAll(fastWrites.keySet());
        }

        void retain(Known other) {
            registers.keySet().retainAll(other.registers.keySet());
            fastWrites.keySet().retainAll(other.fastWrites.keySet());
        }
    }

    private Remains(Path source, @Nullable DirectoryLock lock, @Nullable OldDatabase database) {
        this.source = source;
        this.lock = lock;
        this.database = database;
    }

    /**
     * Opens a data directory, or a copy of a {@code meta.db}.
     *
     * @throws IOException if a node holds the directory, or it is neither
     */
    public static Remains open(Path source, long nowMillis) throws IOException {
        if (Files.isRegularFile(source)) {
            return new Remains(source, null, OldDatabase.open(source));
        }
        if (!Files.isDirectory(source.resolve("chunks")) && !Files.isDirectory(source.resolve(JOURNAL))) {
            throw new IOException(source + " is neither a data directory nor a backup of meta.db");
        }
        // A directory that nobody can write to has no running node; then there is nothing to lock either.
        DirectoryLock lock = Files.isWritable(source) ? DirectoryLock.take(source, "rebuild", nowMillis) : null;
        List<String> notes = new ArrayList<>();
        Remains remains = new Remains(source, lock, openDatabase(source.resolve(DATABASE), notes));
        remains.notes.addAll(notes);
        return remains;
    }

    private static @Nullable OldDatabase openDatabase(Path file, List<String> notes) {
        if (!Files.exists(file)) {
            notes.add("meta.db is missing");
            return null;
        }
        try {
            return OldDatabase.open(file);
        } catch (IOException damaged) {
            notes.add(String.valueOf(damaged.getMessage()));
            return null;
        }
    }

    public Path source() {
        return source;
    }

    /** What is missing or damaged here, for the operator; complete after {@link #contents}. */
    public List<String> notes() {
        return List.copyOf(notes);
    }

    /** Something else that is damaged here, found while reading. */
    public void note(String note) {
        notes.add(note);
    }

    /** Reads all that is known, once. */
    public Contents contents() throws IOException {
        Known journal = new Known(new HashMap<>(), new HashMap<>());
        Known metadata = new Known(new HashMap<>(), new HashMap<>());
        JournalEnd end = readJournal(journal);
        boolean toItsEnd = readDatabase(metadata);
        if (database != null && Files.isDirectory(source.resolve(JOURNAL))) {
            forgetRemoved(journal, end, metadata, toItsEnd ? database : null);
        }
        return new Contents(
                merged(journal.registers, metadata.registers), merged(journal.fastWrites, metadata.fastWrites));
    }

    /** What only the one knows that is behind was removed since, if the other one is whole; else nobody can say, and it is kept. */
    private void forgetRemoved(Known journal, JournalEnd end, Known metadata, @Nullable OldDatabase readable)
            throws IOException {
        long sequence = readable == null ? -1 : readable.sequence();
        if (readable != null && sequence >= end.sequence() && (journal.isIn(metadata) || readable.isWhole())) {
            journal.retain(metadata);
        } else if (readable != null && sequence < end.sequence() && end.complete()) {
            notes.add("meta.db is behind the manifest journal");
            metadata.retain(journal);
        } else {
            notes.add(
                    "the journal and meta.db cannot be compared to their ends: files that were deleted may come back");
        }
    }

    /** @return whether nothing is left out, as far as can be told */
    private boolean readDatabase(Known known) {
        OldDatabase readable = database;
        if (readable == null) {
            return false;
        }
        int before = notes.size();
        try {
            readable.registers((key, ballot) -> known.registers.put(key, new Located(ballot, null, 0)));
        } catch (IOException | MetadataException damaged) {
            notes.add("registers: " + damaged.getMessage());
        }
        try {
            readable.fastWrites((write, ballot) -> known.fastWrites.put(write, new Located(ballot, null, 0)));
        } catch (IOException | MetadataException damaged) {
            notes.add("fast writes: " + damaged.getMessage());
        }
        return notes.size() == before;
    }

    private static <K> Map<K, List<Located>> merged(Map<K, Located> journal, Map<K, Located> metadata) {
        Map<K, List<Located>> merged = new HashMap<>();
        journal.forEach((key, where) -> merged.put(key, List.of(where)));
        metadata.forEach((key, where) ->
                merged.merge(key, List.of(where), (known, other) -> bestFirst(known.get(0), other.get(0))));
        return merged;
    }

    /** What has a checksum is before what has none. */
    private static List<Located> bestFirst(Located journal, Located metadata) {
        return metadata.ballot().compareTo(journal.ballot()) > 0
                ? List.of(metadata, journal)
                : List.of(journal, metadata);
    }

    private JournalEnd readJournal(Known known) throws IOException {
        Path journal = source.resolve(JOURNAL);
        if (Files.isRegularFile(source)) {
            return new JournalEnd(0, false);
        }
        List<JournalFile> files = JournalFile.counting(JournalFile.in(journal));
        if (files.isEmpty()) {
            notes.add("there is no manifest journal");
        }
        JournalEnd end = JournalEnd.of(files, JournalFile.newestCheckpoint(files));
        boolean whole = true;
        for (JournalFile file : files) {
            JournalFile.Reading reading = file.read((entry, at) -> apply(entry, file.path(), at, known));
            whole &= reading.isWhole();
            if (!reading.isWhole()) {
                notes.add(file.path().getFileName() + " is damaged: " + reading.damagedEntries() + " places left out, "
                        + reading.unreadBytes() + " bytes at its end not read");
            }
        }
        if (!end.complete()) {
            notes.add("the manifest journal is not complete");
        }
        return new JournalEnd(end.sequence(), end.complete() && whole);
    }

    private static void apply(JournalEntry entry, Path file, long at, Known known) {
        if (entry instanceof JournalEntry.Accepted accepted) {
            keepNewest(known, accepted.key(), new Located(accepted.ballot(), file, at));
        } else if (entry instanceof JournalEntry.Removed removed) {
            known.registers.remove(removed.key());
        } else if (entry instanceof JournalEntry.Fast fast) {
            known.fastWrites.put(
                    new FastWrite(fast.row().key(), fast.row().id()),
                    new Located(fast.row().ballot(), file, at));
        } else if (entry instanceof JournalEntry.Delivered delivered) {
            known.fastWrites.remove(new FastWrite(delivered.key(), delivered.id()));
        }
    }

    private static void keepNewest(Known known, RegisterKey key, Located found) {
        known.registers.merge(
                key, found, (before, other) -> other.ballot().compareTo(before.ballot()) >= 0 ? other : before);
    }

    /** The encoded value that was located here. */
    public byte[] value(RegisterKey key, Located where) throws IOException {
        return where.file() == null
                ? metadata().value(key)
                : journalled(where.file(), where.at(), JournalEntry.Accepted.class)
                        .value();
    }

    /** The encoded value of a fast write that was located here. */
    public byte[] value(FastWrite write, Located where) throws IOException {
        return where.file() == null
                ? metadata().value(write)
                : journalled(where.file(), where.at(), JournalEntry.Fast.class)
                        .row()
                        .value();
    }

    private OldDatabase metadata() {
        OldDatabase readable = database;
        if (readable == null) {
            throw new IllegalArgumentException("nothing was located in " + source + "/meta.db");
        }
        return readable;
    }

    private static <T extends JournalEntry> T journalled(Path file, long at, Class<T> kind) throws IOException {
        JournalEntry entry = JournalFile.entryAt(file, at);
        if (!kind.isInstance(entry)) {
            throw new IOException(file + " has changed while it was read");
        }
        return kind.cast(entry);
    }

    /**
     * The bytes of a chunk, hashed just now; empty if no good copy is here.
     *
     * @param mostBytes a longer file is no chunk
     */
    public Optional<ByteBuffer> chunk(ChunkId id, int mostBytes) {
        for (String place : CHUNK_PLACES) {
            Path file = place.equals("trash")
                    ? source.resolve(place).resolve(id.toString())
                    : ChunkFiles.home(source.resolve(place), id);
            try {
                if (Files.isRegularFile(file) && Files.size(file) <= mostBytes) {
                    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
                    if (ChunkId.of(bytes).equals(id)) {
                        return Optional.of(bytes);
                    }
                    notes.add(new MissingChunkException(id, "its copy in " + place + " has another hash").getMessage());
                }
            } catch (IOException unreadable) {
                notes.add("chunk " + id + ": its copy in " + place + " cannot be read: " + unreadable);
            }
        }
        return Optional.empty();
    }

    @Override
    public void close() throws IOException {
        try {
            if (database != null) {
                database.close();
            }
        } finally {
            if (lock != null) {
                lock.close();
            }
        }
    }
}
