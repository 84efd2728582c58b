package io.keplerfs.disk;

import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.ChunkRow.State;
import io.keplerfs.spi.DiskFullException;
import io.keplerfs.spi.MissingChunkException;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of a chunk: its row and its file together. Every method blocks and runs on a worker.
 *
 * <pre>
 *            write                    collect, no reference
 *   (none) --------> LIVE ---------------------------------> TRASH ------> (none)
 *                    | ^  write again                        |      a day
 *     failed a check v |<------------------------------------+
 *                QUARANTINE ------> (none)
 *                        collect, no reference; the file stays for inspection
 * </pre>
 *
 * <p>{@link #restore} leads back from TRASH to LIVE: a read or a pin that comes within the day finds the bytes again.
 *
 * <p>The row decides: a file without a live row is not there. A chunk becomes LIVE after its file is durable, and stops being
 * LIVE before its file is moved. Whatever changes a chunk holds its lock ({@link ChunkLocks}). References need none: they and
 * {@code collect} meet in the single writer.
 */
final class Chunks {
    /** Mended or forgotten chunks stay in the quarantine for so long, for somebody to look at. */
    private static final Duration QUARANTINED = Duration.ofDays(30);

    private static final Logger LOG = LoggerFactory.getLogger(Chunks.class);

    private final DataDirectory directory;
    private final Metadata metadata;
    private final ChunkFiles files;
    private final Trash trash;
    private final ReadErrors readErrors;
    private final Disk disk;
    private final FailureLatch failure;
    private final LongSupplier wallMillis;
    private final ChunkLocks locks = new ChunkLocks();
    private final AtomicLong liveChunks = new AtomicLong();
    private final AtomicLong liveBytes = new AtomicLong();

    private Chunks(
            DataDirectory directory, Metadata metadata, Disk disk, FailureLatch failure, LongSupplier wallMillis) {
        this.directory = directory;
        this.metadata = metadata;
        this.files = new ChunkFiles(directory, disk);
        this.trash = new Trash(directory, files, metadata, wallMillis);
        this.readErrors = new ReadErrors(directory, metadata, files, failure);
        this.disk = disk;
        this.failure = failure;
        this.wallMillis = wallMillis;
    }

    static Chunks open(
            DataDirectory directory, Metadata metadata, Disk disk, FailureLatch failure, LongSupplier wallMillis)
            throws IOException {
        Chunks chunks = new Chunks(directory, metadata, disk, failure, wallMillis);
        long expected =
                metadata.read(snapshot -> snapshot.tables().chunks().live(0)).chunks();
        if (directory.openChunks(expected, disk)) {
            chunks.loseAll(expected);
        }
        chunks.trash.reconcile();
        Store.Usage found = metadata.read(snapshot -> snapshot.tables().chunks().live(0));
        chunks.liveChunks.set(found.chunks());
        chunks.liveBytes.set(found.chunkBytes());
        return chunks;
    }

    /** The operator says so; whoever scrubs asks the other owners for them. */
    private void loseAll(long expected) throws IOException {
        metadata.writeNow(transaction -> {
            // The scrub begins at once instead of when it is due.
            transaction.putSetting("scrub", new byte[0]);
            return transaction.changing().chunks().quarantineAll();
        });
        directory.forgetLoss(disk);
        LOG.warn("{} chunks of {} count as lost, as the operator said", expected, directory.chunks());
    }

    Store.Usage usage() {
        return new Store.Usage(
                liveChunks.get(), liveBytes.get(), disk.freeBytes(directory.root()), disk.totalBytes(directory.root()));
    }

    /**
     * Trips the latch if the directory is not what was opened: then missing files say nothing of the copies, and what is written
     * would land below the mount point.
     */
    void checkDirectory() throws IOException {
        failure.check();
        Optional<String> missing = directory.missing();
        if (missing.isPresent()) {
            failure.trip(missing.get(), new IOException(missing.get()));
            failure.check();
        }
    }

    void write(ChunkId id, ByteBuffer bytes) throws IOException {
        checkDirectory();
        ChunkId actual = ChunkId.of(bytes);
        if (!actual.equals(id)) {
            throw new IllegalArgumentException("chunk " + id + ": the " + bytes.remaining() + " bytes given hash to "
                    + actual + "; nothing was stored");
        }
        locks.holding(id, () -> {
            boolean live = isLive(metadata.read(snapshot -> snapshot.chunk(id)).orElse(null));
            if (!live || !files.seemsComplete(id, bytes.remaining())) {
                store(id, bytes, live);
            }
            return live;
        });
    }

    private void store(ChunkId id, ByteBuffer bytes, boolean wasLive) throws IOException {
        int size = bytes.remaining();
        Store.Usage usage = usage();
        if (!usage.hasRoomForCopy(size)) {
            throw new DiskFullException("disk full: " + usage.freeBytes() + " bytes free at " + directory.root()
                    + ", a chunk of " + size + " must leave " + usage.reserveBytes() + "; delete files or add disk");
        }
        PieceSums sums = PieceSums.of(bytes);
        boolean placed = false;
        boolean recorded = false;
        try {
            files.store(id, bytes);
            placed = true;
            metadata.writeNow(transaction -> {
                transaction.changing().chunks().putLive(id, size, sums, wallMillis.getAsLong());
                return true;
            });
            recorded = true;
        } catch (IOException failed) {
            throw explained(failed, size);
        } finally {
            // In doubt the file stays: after a restart the row may turn out to be there.
            if (placed && !recorded && failure.reason().isEmpty()) {
                files.discard(id);
            }
        }
        if (!wasLive) {
            liveChunks.incrementAndGet();
            liveBytes.addAndGet(size);
        }
    }

    /**
     * Others write to the same disk: space that was there a moment ago may be gone. A disk out of inodes or a quota that is used
     * up refuses while bytes seem to be free; only the error tells. And the disk itself may be gone.
     */
    private IOException explained(IOException failed, int size) throws IOException {
        checkDirectory();
        String why = String.valueOf(failed.getMessage());
        boolean told = why.contains("No space left on device") || why.contains("Disk quota exceeded");
        return failed instanceof DiskFullException || (!told && usage().hasRoomForCopy(size))
                ? failed
                : new DiskFullException(
                        "disk full: " + directory.root() + " filled up while a chunk was written: " + why, failed);
    }

    ByteBuffer read(ChunkId id, int offset, ByteBuffer into, boolean verifyHash) throws IOException {
        failure.check();
        try {
            readCopy(id, offset, into, verifyHash);
        } catch (DamagedCopyException suspected) {
            locks.holding(id, () -> readOrQuarantine(id, offset, into, verifyHash, false));
        } catch (UnreadableCopyException error) {
            if (!readErrors.isLost(error, id, wallMillis.getAsLong())) {
                throw error;
            }
            locks.holding(id, () -> readOrQuarantine(id, offset, into, verifyHash, true));
        }
        if (verifyHash) {
            readErrors.forget(id);
            // Only for the operator's eyes, so nobody waits; the writer logs a failure.
            metadata.write(transaction -> {
                transaction.changing().chunks().verified(id, wallMillis.getAsLong());
                return true;
            });
        }
        return into;
    }

    private void readCopy(ChunkId id, int offset, ByteBuffer into, boolean verifyHash) throws IOException {
        StoredChunk chunk = metadata.read(snapshot -> snapshot.tables().chunks().findStored(id))
                .orElseThrow(() -> new MissingChunkException(id, "not stored here"));
        if (chunk.row().state() != State.LIVE) {
            throw new MissingChunkException(
                    id, "its copy here is in the state " + chunk.row().state());
        }
        int size = chunk.row().sizeBytes();
        if (offset < 0 || offset > size - into.remaining()) {
            throw new IllegalArgumentException(
                    "chunk " + id + " has " + size + " bytes, asked for " + into.remaining() + " from " + offset);
        }
        files.read(chunk, offset, into, verifyHash);
    }

    /**
     * It may have been collected or written anew meanwhile; under the lock the answer is final.
     *
     * @param diskWorks whether other chunks were read just now, so that a read error is one of this file
     */
    private ByteBuffer readOrQuarantine(ChunkId id, int offset, ByteBuffer into, boolean verifyHash, boolean diskWorks)
            throws IOException {
        try {
            readCopy(id, offset, into, verifyHash);
            return into;
        } catch (DamagedCopyException damaged) {
            checkDirectory();
            if (damaged.isMissing()) {
                refuseIfEmptied();
            }
            throw lost(id, String.valueOf(damaged.getMessage()), damaged);
        } catch (UnreadableCopyException still) {
            if (!diskWorks) {
                throw still;
            }
            checkDirectory();
            throw lost(id, "unreadable: " + still.getMessage(), still);
        }
    }

    private MissingChunkException lost(ChunkId id, String how, IOException cause) throws IOException {
        quarantine(id, how);
        readErrors.forget(id);
        MissingChunkException missing = new MissingChunkException(id, "its copy here was quarantined: " + how);
        missing.initCause(cause);
        return missing;
    }

    /** One file that was deleted is a lost copy; a tree without a single one is a disk that is not there. */
    private void refuseIfEmptied() throws IOException {
        if (directory.hasNoChunkFiles()) {
            String why = directory.chunks() + " is empty, but " + liveChunks.get()
                    + " chunks should lie there: unmounted or deleted?";
            failure.trip(why, new IOException(why));
            failure.check();
        }
    }

    private void quarantine(ChunkId id, String reason) throws IOException {
        int size = metadata.read(snapshot -> snapshot.chunk(id))
                .map(ChunkRow::sizeBytes)
                .orElse(0);
        if (metadata.writeNow(transaction -> transaction.changing().chunks().quarantine(id))) {
            liveChunks.decrementAndGet();
            liveBytes.addAndGet(-size);
        }
        try {
            files.quarantine(id, reason, wallMillis.getAsLong());
        } catch (IOException unmoved) {
            // The row alone decides. Another copy takes the place of the file, and without a row it is put aside later.
            LOG.warn("the file of chunk {} could not be moved and stays in place: {}", id, unmoved.toString());
        }
        LOG.warn(
                "chunk {} quarantined: {}; repair fetches another copy, but check the disk at {}",
                id,
                reason,
                directory.quarantine());
    }

    int collect(List<ChunkId> chunks) throws IOException {
        failure.check();
        return locks.holdingEach(chunks, this::collectLocked);
    }

    boolean restore(ChunkId id) throws IOException {
        failure.check();
        return locks.holding(id, () -> restoreLocked(id));
    }

    private boolean restoreLocked(ChunkId id) throws IOException {
        Optional<ChunkRow> row = metadata.read(snapshot -> snapshot.chunk(id));
        if (row.isEmpty()
                || row.get().state() != State.TRASH
                || !files.untrash(id, row.get().sizeBytes())) {
            return false;
        }
        boolean back =
                metadata.writeNow(transaction -> transaction.changing().chunks().restore(id, wallMillis.getAsLong()));
        if (back) {
            liveChunks.incrementAndGet();
            liveBytes.addAndGet(row.get().sizeBytes());
        }
        return back;
    }

    int purge(long trashedUntilMillis) throws IOException {
        checkDirectory();
        purgeQuarantine();
        List<ChunkId> gone = new ArrayList<>();
        for (ChunkId id : trash.olderThan(trashedUntilMillis)) {
            if (locks.holding(id, () -> purgeLocked(id, trashedUntilMillis))) {
                gone.add(id);
            }
        }
        if (!gone.isEmpty()) {
            LOG.debug("deleted {} chunks from {}", gone.size(), directory.trash());
        }
        return gone.size();
    }

    private boolean purgeLocked(ChunkId id, long trashedUntilMillis) throws IOException {
        // It may have been brought back, and collected again, since the look.
        boolean deleted = trash.delete(id, trashedUntilMillis);
        if (deleted) {
            // After the file: a crash in between leaves a row without one, which the next start removes.
            trash.forget(List.of(id));
        }
        return deleted;
    }

    /**
     * Damaged files are for somebody to look at, and go after a while; at once if the disk is nearly full. Never while the chunk
     * is still missing here: nobody knows whether another copy is left, and what is damaged may hold most of the bytes.
     */
    private void purgeQuarantine() throws IOException {
        long until = wallMillis.getAsLong() - (usage().isNearlyFull() ? 0 : QUARANTINED.toMillis());
        for (ChunkId id : files.quarantinedUntil(until)) {
            locks.holding(id, () -> {
                boolean missing = metadata.read(snapshot -> snapshot.chunk(id))
                        .filter(row -> row.state() == State.QUARANTINE)
                        .isPresent();
                if (!missing) {
                    files.forgetQuarantined(id);
                }
                return missing;
            });
        }
    }

    int reconcile(int slice) throws IOException {
        checkDirectory();
        Map<ChunkId, ChunkRow> rows = new LinkedHashMap<>();
        metadata.read(snapshot -> snapshot.tables().chunks().slice(slice)).forEach(row -> rows.put(row.id(), row));
        List<ChunkId> suspects = new ArrayList<>();
        Set<ChunkId> inPlace = files.slice(slice);
        inPlace.stream().filter(id -> !isLive(rows.get(id))).forEach(suspects::add);
        rows.values().stream()
                .filter(row -> isLive(row) && !inPlace.contains(row.id()))
                .forEach(row -> suspects.add(row.id()));
        int different = 0;
        for (ChunkId id : suspects) {
            different += locks.holding(id, () -> reconcileLocked(id)) ? 1 : 0;
        }
        return different;
    }

    private static boolean isLive(@Nullable ChunkRow row) {
        return row != null && row.state() == State.LIVE;
    }

    /** What is still different under the lock is no write or collection under way. */
    private boolean reconcileLocked(ChunkId id) throws IOException {
        Optional<ChunkRow> row = metadata.read(snapshot -> snapshot.chunk(id));
        boolean live = isLive(row.orElse(null));
        boolean inPlace = files.isInPlace(id);
        if (live == inPlace || (row.isPresent() && !live)) {
            return false;
        }
        if (live) {
            checkDirectory();
            refuseIfEmptied();
        }
        Optional<ByteBuffer> bytes;
        try {
            bytes = inPlace ? files.whole(id) : Optional.empty();
        } catch (UnreadableCopyException error) {
            LOG.warn("{}: it has no row, so nobody counts on it, and it stays where it is", error.getMessage());
            return false;
        }
        if (bytes.isPresent() && ChunkId.of(bytes.get()).equals(id)) {
            int size = bytes.get().remaining();
            PieceSums sums = PieceSums.of(bytes.get());
            metadata.writeNow(transaction -> {
                transaction.changing().chunks().putLive(id, size, sums, wallMillis.getAsLong());
                return true;
            });
            liveChunks.incrementAndGet();
            liveBytes.addAndGet(size);
            LOG.info("adopted the file of chunk {}, which had no row", id);
        } else {
            quarantine(id, live ? "its file is missing" : "a file without a row whose hash is another");
        }
        return true;
    }

    private int collectLocked(List<ChunkId> chunks) throws IOException {
        Collected collected = metadata.writeNow(transaction -> {
            ChunkTable table = transaction.changing().chunks();
            List<ChunkRow> trashed = new ArrayList<>();
            int forgotten = 0;
            for (ChunkId id : chunks) {
                Optional<ChunkRow> row = table.find(id);
                if (table.trash(id)) {
                    trashed.add(row.orElseThrow());
                } else if (table.forgetQuarantined(id)) {
                    forgotten++;
                }
            }
            return new Collected(trashed, forgotten);
        });
        for (ChunkRow row : collected.trashed) {
            liveChunks.decrementAndGet();
            liveBytes.addAndGet(-row.sizeBytes());
            files.trash(row.id(), wallMillis.getAsLong());
        }
        return collected.trashed.size() + collected.forgotten;
    }

    private record Collected(List<ChunkRow> trashed, int forgotten) {}
}
