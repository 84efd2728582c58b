package io.keplerfs.disk;

import io.keplerfs.spi.ChunkRow.State;
import io.keplerfs.values.ChunkId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/**
 * Collected chunks on their way out, kept for a while as a net under mistakes and for readers of a version that was replaced.
 * Nothing depends on the age being right: whatever is here has no reference, and a pin of it brings it back or asks for the
 * bytes anew. How long is the caller's choice.
 */
final class Trash {
    /** Rows in one transaction, so that others get their turn. */
    private static final int BATCH = 500;

    private final DataDirectory directory;
    private final ChunkFiles files;
    private final Metadata metadata;
    private final LongSupplier wallMillis;

    Trash(DataDirectory directory, ChunkFiles files, Metadata metadata, LongSupplier wallMillis) {
        this.directory = directory;
        this.files = files;
        this.metadata = metadata;
        this.wallMillis = wallMillis;
    }

    /** Finishes what a crash cut short between a row and its file; before anybody else uses the store. */
    void reconcile() throws IOException {
        List<ChunkId> gone = new ArrayList<>();
        for (ChunkId id : metadata.read(snapshot -> snapshot.tables().chunks().in(State.TRASH))) {
            files.trash(id, wallMillis.getAsLong());
            if (!files.isInTrash(id)) {
                gone.add(id);
            }
        }
        forget(gone);
        for (ChunkId id : metadata.read(snapshot -> snapshot.tables().chunks().in(State.QUARANTINE))) {
            if (files.isInPlace(id)) {
                files.quarantine(id, "failed a check before the node was stopped", wallMillis.getAsLong());
            }
        }
    }

    /** What was collected at this time or before. */
    List<ChunkId> olderThan(long millis) throws IOException {
        List<ChunkId> old = new ArrayList<>();
        try (Stream<Path> entries = Files.list(directory.trash())) {
            for (Path entry : entries.toList()) {
                if (isChunk(entry) && modifiedMillis(entry) <= millis) {
                    old.add(ChunkId.parse(String.valueOf(entry.getFileName())));
                }
            }
        }
        return old;
    }

    /** Deletes the file for good if it was collected at this time or before; the chunk's lock is held. */
    boolean delete(ChunkId id, long untilMillis) throws IOException {
        Path file = directory.trash().resolve(id.toString());
        return modifiedMillis(file) <= untilMillis && Files.deleteIfExists(file);
    }

    private static boolean isChunk(Path entry) {
        return String.valueOf(entry.getFileName()).matches("[0-9a-f]{64}");
    }

    private static long modifiedMillis(Path entry) throws IOException {
        try {
            return Files.getLastModifiedTime(entry).toMillis();
        } catch (NoSuchFileException gone) {
            return Long.MAX_VALUE;
        }
    }

    /** Removes rows in the state TRASH. */
    void forget(List<ChunkId> chunks) throws IOException {
        for (int from = 0; from < chunks.size(); from += BATCH) {
            List<ChunkId> batch = chunks.subList(from, Math.min(from + BATCH, chunks.size()));
            metadata.writeNow(transaction -> batch.stream()
                    .filter(id -> transaction.changing().chunks().forgetTrashed(id))
                    .count());
        }
    }
}
