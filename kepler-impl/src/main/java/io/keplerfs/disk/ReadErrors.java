package io.keplerfs.disk;

import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides when a chunk's file that gives read errors is a lost copy. One error is none: cables, controllers and limits on open
 * files pass. But a copy that can never be read must not count as one for ever.
 *
 * <pre>
 * the first error, or one sooner than {@link Store#READ_AGAIN_AFTER} after it   says nothing
 * a later one, and other chunks of the disk can be read                          this copy is lost
 * a later one, and none of {@value #MOST_OTHERS} others can                      the disk is lost: the store fails, no copy does
 * anything in between, or the files of the node cannot be opened either          nobody knows; looked at anew after that time
 * </pre>
 *
 * <p>Kept in memory: a restart only makes it begin again. Any thread.
 */
final class ReadErrors {
    /** So many others that can be read acquit the disk. */
    private static final int ENOUGH_OTHERS = 2;
    /** A disk of which a third is bad is taken for one that is lost in one of ten thousand cases. */
    private static final int MOST_OTHERS = 8;
    /** Fewer than these say too little to fail the store for. */
    private static final int LEAST_TO_FAIL = 3;
    /** Chunks; the disk with more of them gives them up more slowly. */
    private static final int MOST_REMEMBERED = 10_000;

    private static final Logger LOG = LoggerFactory.getLogger(ReadErrors.class);

    private final DataDirectory directory;
    private final Metadata metadata;
    private final ChunkFiles files;
    private final FailureLatch failure;
    private final Map<ChunkId, Long> sinceMillis = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<ChunkId, Long> eldest) {
            return size() > MOST_REMEMBERED;
        }
    };

    ReadErrors(DataDirectory directory, Metadata metadata, ChunkFiles files, FailureLatch failure) {
        this.directory = directory;
        this.metadata = metadata;
        this.files = files;
        this.failure = failure;
    }

    /** All of it was read. */
    synchronized void forget(ChunkId id) {
        sinceMillis.remove(id);
    }

    /**
     * Whether the copy is to be given up. Reads other chunks if it comes to that; call it without a lock.
     *
     * @throws IOException if the store is failed, by this error or before
     */
    boolean isLost(UnreadableCopyException error, ChunkId id, long nowMillis) throws IOException {
        if (!isAgain(id, nowMillis)) {
            return false;
        }
        Others others = tryOthers(id);
        if (others.readable >= Math.min(ENOUGH_OTHERS, others.tried) && others.readable > 0) {
            return true;
        }
        LOG.warn(
                "{}; but only {} of {} other chunks that were tried can be read: replace the disk of {}",
                error.getMessage(),
                others.readable,
                others.tried,
                directory.chunks());
        if (others.readable == 0 && others.tried >= LEAST_TO_FAIL && canOpenFiles()) {
            failure.trip(
                    "the disk of " + directory.chunks() + " gives read errors for every chunk that was tried", error);
            failure.check();
        }
        return false;
    }

    /** True once for each time that has passed, and for one caller. A clock that was set back begins it anew. */
    private synchronized boolean isAgain(ChunkId id, long nowMillis) {
        Long since = sinceMillis.get(id);
        if (since != null && nowMillis >= since && nowMillis - since < Store.READ_AGAIN_AFTER.toMillis()) {
            return false;
        }
        sinceMillis.put(id, nowMillis);
        return since != null && nowMillis >= since;
    }

    private record Others(int readable, int tried) {}

    /** Ids are hashes: the next ones lie anywhere on the disk, and seldom in the memory of the system. */
    private Others tryOthers(ChunkId id) throws IOException {
        int readable = 0;
        int tried = 0;
        for (StoredChunk other : others(id)) {
            if (readable == ENOUGH_OTHERS) {
                break;
            }
            try {
                files.read(other, 0, ByteBuffer.allocate(0), true);
                readable++;
                tried++;
            } catch (UnreadableCopyException too) {
                tried++;
            } catch (DamagedCopyException damaged) {
                // The disk gave what it has. A file that is missing says nothing; the next scrub finds either.
                readable += damaged.isMissing() ? 0 : 1;
                tried += damaged.isMissing() ? 0 : 1;
            }
        }
        return new Others(readable, tried);
    }

    private List<StoredChunk> others(ChunkId id) throws IOException {
        return metadata.read(snapshot -> {
            ChunkTable chunks = snapshot.tables().chunks();
            List<StoredChunk> others = new ArrayList<>(chunks.liveAbove(id.bytes(), MOST_OTHERS));
            chunks.liveAbove(new byte[0], MOST_OTHERS - others.size()).stream()
                    .filter(first -> Arrays.compareUnsigned(first.row().id().bytes(), id.bytes()) < 0)
                    .forEach(others::add);
            return others;
        });
    }

    /** A process that has no files left to open, or may not, has no broken disk. */
    private boolean canOpenFiles() {
        try {
            return Files.readAllBytes(directory.root().resolve(NodeFile.FILE)).length > 0;
        } catch (IOException denied) {
            LOG.warn("{} cannot be opened either: {}", directory.root().resolve(NodeFile.FILE), denied.toString());
            return false;
        }
    }
}
