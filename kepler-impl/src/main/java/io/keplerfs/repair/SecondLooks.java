package io.keplerfs.repair;

import io.keplerfs.loop.Loop;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.MissingChunkException;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chunks whose files gave read errors are read once more when the store takes a second error for a lost copy; a lost one is
 * fetched from another node. The rest, and what was noted before a restart, is the next round's. Owned by the loop.
 */
final class SecondLooks {
    /** The store counts by another clock. */
    private static final Duration AFTER = Store.READ_AGAIN_AFTER.plusMinutes(1);
    /** Of a disk with more unreadable chunks the others wait for the next round; it should have been replaced by then. */
    private static final int MOST = 1_000;

    private static final Logger log = LoggerFactory.getLogger(SecondLooks.class);

    private final Loop loop;
    private final Store store;
    private final Recovery recovery;
    private final BooleanSupplier paused;
    private final Set<ChunkId> waiting = new HashSet<>();

    SecondLooks(Loop loop, Store store, Recovery recovery, BooleanSupplier paused) {
        this.loop = loop;
        this.store = store;
        this.recovery = recovery;
        this.paused = paused;
    }

    void add(ChunkRow row) {
        if (waiting.size() < MOST && waiting.add(row.id())) {
            loop.schedule(AFTER, () -> look(row));
        }
    }

    private void look(ChunkRow row) {
        if (paused.getAsBoolean()) {
            loop.schedule(AFTER, () -> look(row));
            return;
        }
        loop.when(store.readChunk(row.id(), 0, ByteBuffer.allocate(0), true), (whole, failure) -> {
            if (failure instanceof MissingChunkException) {
                mend(row);
                return;
            }
            if (failure != null) {
                log.debug("chunk {} is left to the next round: {}", row.id(), failure.toString());
            }
            waiting.remove(row.id());
        });
    }

    /** Nothing is lost if it is too early: the row stays in quarantine until the copy is owed. */
    private void mend(ChunkRow row) {
        loop.when(recovery.mend(row), (outcome, failure) -> {
            if (outcome == null || outcome == Recovery.Outcome.LATER) {
                loop.schedule(AFTER, () -> mend(row));
            } else {
                waiting.remove(row.id());
            }
        });
    }
}
