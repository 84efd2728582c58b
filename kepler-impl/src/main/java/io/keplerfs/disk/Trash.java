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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collected chunks on their way out: kept for a day as a net under mistakes, ten minutes when the disk is nearly full. Nothing
 * depends on the age being right: whatever is here has no reference, and a pin of it asks for the bytes anew.
 */
final class Trash {
    static final long KEPT_MILLIS = 24 * 60 * 60_000L;
    static final long KEPT_WHEN_NEARLY_FULL_MILLIS = 10 * 60_000L;
    static final long NEARLY_FULL_BYTES = 1L << 30;

    private static final Logger LOG = LoggerFactory.getLogger(Trash.class);

    /** Listing a large directory at every collection would cost more than the space it frees. */
    private static final long SWEEP_EVERY_MILLIS = 60 * 60_000L;

    private static final long SWEEP_EVERY_WHEN_NEARLY_FULL_MILLIS = 60_000L;

    /** Rows in one transaction, so that others get their turn. */
    private static final int BATCH = 500;

    private final DataDirectory directory;
    private final ChunkFiles files;
    private final Metadata metadata;
    private final Disk disk;
    private final LongSupplier wallMillis;
    private long sweptMillis = Long.MIN_VALUE / 2;

    Trash(DataDirectory directory, ChunkFiles files, Metadata metadata, Disk disk, LongSupplier wallMillis) {
        this.directory = directory;
        this.files = files;
        this.metadata = metadata;
        this.disk = disk;
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
                files.quarantine(id, "failed a check before the node was stopped");
            }
        }
    }

    /** Deletes what is old enough, if the last sweep was long enough ago. */
    synchronized void sweep() throws IOException {
        long now = wallMillis.getAsLong();
        boolean nearlyFull = disk.freeBytes(directory.root()) < NEARLY_FULL_BYTES;
        long pause = nearlyFull ? SWEEP_EVERY_WHEN_NEARLY_FULL_MILLIS : SWEEP_EVERY_MILLIS;
        if (Math.abs(now - sweptMillis) < pause) {
            return;
        }
        sweptMillis = now;
        List<Path> old = olderThan(now - (nearlyFull ? KEPT_WHEN_NEARLY_FULL_MILLIS : KEPT_MILLIS));
        for (Path file : old) {
            Files.deleteIfExists(file);
        }
        // After the files: a crash in between leaves rows without a file, which reconcile() removes.
        forget(old.stream()
                .map(file -> ChunkId.parse(String.valueOf(file.getFileName())))
                .toList());
        if (!old.isEmpty()) {
            LOG.info("deleted {} chunks from {}", old.size(), directory.trash());
        }
    }

    private List<Path> olderThan(long millis) throws IOException {
        List<Path> old = new ArrayList<>();
        try (Stream<Path> entries = Files.list(directory.trash())) {
            for (Path entry : entries.toList()) {
                if (isChunk(entry) && modifiedMillis(entry) <= millis) {
                    old.add(entry);
                }
            }
        }
        return old;
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

    private void forget(List<ChunkId> chunks) throws IOException {
        for (int from = 0; from < chunks.size(); from += BATCH) {
            List<ChunkId> batch = chunks.subList(from, Math.min(from + BATCH, chunks.size()));
            metadata.writeNow(transaction -> batch.stream()
                    .filter(id -> transaction.changing().chunks().forgetTrashed(id))
                    .count());
        }
    }
}
