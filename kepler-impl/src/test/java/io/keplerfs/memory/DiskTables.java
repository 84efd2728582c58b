package io.keplerfs.memory;

import io.keplerfs.memory.MemoryTables.StoredBytes;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.UploadRow;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The tables of one simulated disk twice: as the writer sees them, and as they would be after a power cut. A transaction changes
 * the first at once and the second when it is made durable.
 */
public final class DiskTables {
    private final MemoryTables durable;
    private final MemoryTables current;

    /** What one transaction did. */
    public static final class Changes {
        private final List<Consumer<MemoryTransaction>> steps = new ArrayList<>();
        private final long atMillis;

        /** @param atMillis what the node's clock shows, milliseconds since 1970 */
        public Changes(long atMillis) {
            this.atMillis = atMillis;
        }

        public boolean areNone() {
            return steps.isEmpty();
        }
    }

    /** An empty disk. */
    public DiskTables() {
        this(new MemoryTables());
    }

    private DiskTables(MemoryTables durable) {
        this.durable = durable;
        this.current = new MemoryTables();
        current.registers.putAll(durable.registers);
        current.chunks.putAll(durable.chunks);
        current.references.putAll(durable.references);
        current.queue.putAll(durable.queue);
        current.uploads.putAll(durable.uploads);
        current.intents.putAll(durable.intents);
        current.peers.putAll(durable.peers);
        current.settings.putAll(durable.settings);
    }

    /** The disk after a power cut. */
    public DiskTables afterPowerCut() {
        return new DiskTables(durable);
    }

    /** Runs a transaction; if it throws, nothing has changed. */
    public <T> T change(Function<? super ChunkTransaction, T> function, Changes into) {
        ChunkTransaction transaction = new ChunkTransaction(current, into.atMillis, into.steps);
        boolean done = false;
        try {
            T result = function.apply(transaction);
            done = true;
            return result;
        } finally {
            transaction.end();
            if (!done) {
                transaction.rollBack();
                into.steps.clear();
            }
        }
    }

    public void persist(Changes changes) {
        ChunkTransaction transaction = new ChunkTransaction(durable, changes.atMillis, new ArrayList<>());
        changes.steps.forEach(step -> step.accept(transaction));
    }

    public <T> T read(Function<? super Store.Snapshot, T> query) {
        return query.apply(new MemorySnapshot(durable));
    }

    /** A mistake on purpose in how transactions are kept. */
    public interface Slip {
        Slip NONE = new Slip() {};

        /** Whether a task is kept. */
        default boolean keeps(QueueRow task) {
            return true;
        }

        /** What a pin answers. */
        default boolean have(boolean really) {
            return really;
        }

        /** Whether references are recorded. */
        default boolean keepsReferences() {
            return true;
        }

        /** Whether references are dropped. */
        default boolean dropsReferences() {
            return true;
        }

        /** Whether fast writes are kept. */
        default boolean keepsIntents() {
            return true;
        }
    }

    /** Also changes rows of chunks, and remembers every change. */
    public static final class ChunkTransaction extends MemoryTransaction {
        private final List<Consumer<MemoryTransaction>> steps;
        private final long nowMillis;
        private Slip slip = Slip.NONE;

        ChunkTransaction(MemoryTables tables, long nowMillis, List<Consumer<MemoryTransaction>> steps) {
            super(tables, nowMillis);
            this.nowMillis = nowMillis;
            this.steps = steps;
        }

        public ChunkTransaction with(Slip mistake) {
            slip = mistake;
            return this;
        }

        /** A row LIVE with these bytes. Never part of a transaction that fails, as everything that changes chunks. */
        public void putChunk(ChunkId id, byte[] bytes) {
            both(t -> {
                t.tables().chunks.put(id, new StoredBytes(id, bytes, ChunkRow.State.LIVE, 0));
                t.noteWhetherReferenced(id);
            });
        }

        /** Puts an existing row into another state. */
        public void become(ChunkId id, ChunkRow.State state) {
            long since = nowMillis;
            both(t -> {
                t.tables()
                        .chunks
                        .computeIfPresent(id, (same, row) -> row.in(state, state == ChunkRow.State.LIVE ? 0 : since));
                t.noteWhetherReferenced(id);
            });
        }

        public void removeChunk(ChunkId id) {
            both(t -> t.tables().chunks.remove(id));
        }

        private void both(Consumer<MemoryTransaction> step) {
            step.accept(this);
            steps.add(step);
        }

        /** Chunks that were put into the trash then or before. */
        public List<ChunkId> trashed(long untilMillis) {
            return tables().chunks.values().stream()
                    .filter(chunk -> chunk.state() == ChunkRow.State.TRASH && chunk.sinceMillis() <= untilMillis)
                    .map(StoredBytes::id)
                    .toList();
        }

        public boolean isIn(ChunkRow.State state, ChunkId id) {
            return chunk(id).filter(row -> row.state() == state).isPresent();
        }

        @Override
        public void putRegister(RegisterRow row) {
            super.putRegister(row);
            steps.add(t -> t.putRegister(row));
        }

        @Override
        public boolean pin(ChunkId chunk, Pin pin) {
            if (!slip.keepsReferences()) {
                return isIn(ChunkRow.State.LIVE, chunk);
            }
            steps.add(t -> t.pin(chunk, pin));
            return slip.have(super.pin(chunk, pin));
        }

        @Override
        public void removeRegister(RegisterKey key) {
            super.removeRegister(key);
            steps.add(t -> t.removeRegister(key));
        }

        @Override
        public void setAsideRegister(RegisterKey key) {
            super.setAsideRegister(key);
            steps.add(t -> t.setAsideRegister(key));
        }

        @Override
        public void copyReference(Reference reference) {
            super.copyReference(reference);
            steps.add(t -> t.copyReference(reference));
        }

        @Override
        public void confirm(VersionId upload) {
            super.confirm(upload);
            steps.add(t -> t.confirm(upload));
        }

        @Override
        public List<ChunkId> unpin(VersionId upload, boolean confirmedOnly) {
            if (!slip.dropsReferences()) {
                return List.of();
            }
            steps.add(t -> t.unpin(upload, confirmedOnly));
            return super.unpin(upload, confirmedOnly);
        }

        @Override
        public void forgetReferences(ChunkId chunk) {
            super.forgetReferences(chunk);
            steps.add(t -> t.forgetReferences(chunk));
        }

        @Override
        public int forgetDropped(long untilMillis, int limit) {
            steps.add(t -> t.forgetDropped(untilMillis, limit));
            return super.forgetDropped(untilMillis, limit);
        }

        @Override
        public void enqueue(QueueRow task) {
            if (slip.keeps(task)) {
                super.enqueue(task);
                steps.add(t -> t.enqueue(task));
            }
        }

        @Override
        public void dequeue(String kind, byte[] id, NodeId target) {
            super.dequeue(kind, id, target);
            steps.add(t -> t.dequeue(kind, id, target));
        }

        @Override
        public void hurry(long nowMillis) {
            super.hurry(nowMillis);
            steps.add(t -> t.hurry(nowMillis));
        }

        @Override
        public void putUpload(UploadRow upload) {
            super.putUpload(upload);
            steps.add(t -> t.putUpload(upload));
        }

        @Override
        public void removeUpload(VersionId id) {
            super.removeUpload(id);
            steps.add(t -> t.removeUpload(id));
        }

        @Override
        public void putIntent(IntentRow intent) {
            if (slip.keepsIntents()) {
                super.putIntent(intent);
                steps.add(t -> t.putIntent(intent));
            }
        }

        @Override
        public void removeIntent(RegisterKey key, VersionId id) {
            super.removeIntent(key, id);
            steps.add(t -> t.removeIntent(key, id));
        }

        @Override
        public void putPeer(MemberInfo peer) {
            super.putPeer(peer);
            steps.add(t -> t.putPeer(peer));
        }

        @Override
        public void putSetting(String name, byte[] value) {
            super.putSetting(name, value);
            steps.add(t -> t.putSetting(name, value));
        }
    }
}
