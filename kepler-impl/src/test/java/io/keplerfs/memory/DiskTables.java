package io.keplerfs.memory;

import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.QueueRow;
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
        ChunkTransaction transaction = new ChunkTransaction(current, into.steps);
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
        ChunkTransaction transaction = new ChunkTransaction(durable, new ArrayList<>());
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

        /** Whether fast writes are kept. */
        default boolean keepsIntents() {
            return true;
        }
    }

    /** Also changes rows of chunks, and remembers every change. */
    public static final class ChunkTransaction extends MemoryTransaction {
        private final List<Consumer<MemoryTransaction>> steps;
        private Slip slip = Slip.NONE;

        ChunkTransaction(MemoryTables tables, List<Consumer<MemoryTransaction>> steps) {
            super(tables);
            this.steps = steps;
        }

        public ChunkTransaction with(Slip mistake) {
            slip = mistake;
            return this;
        }

        /** Never part of a transaction that fails. */
        public void putChunk(ChunkId id, byte[] bytes) {
            tables().chunks.put(id, new MemoryTables.StoredBytes(id, bytes));
            steps.add(t -> t.tables().chunks.put(id, new MemoryTables.StoredBytes(id, bytes)));
        }

        /** Never part of a transaction that fails. */
        public void removeChunk(ChunkId id) {
            tables().chunks.remove(id);
            steps.add(t -> t.tables().chunks.remove(id));
        }

        public boolean isLive(ChunkId id) {
            return chunk(id).filter(row -> row.state() == ChunkRow.State.LIVE).isPresent();
        }

        @Override
        public void putRegister(RegisterRow row) {
            super.putRegister(row);
            steps.add(t -> t.putRegister(row));
        }

        @Override
        public boolean pin(ChunkId chunk, Pin pin) {
            steps.add(t -> t.pin(chunk, pin));
            return slip.have(super.pin(chunk, pin));
        }

        @Override
        public List<ChunkId> unpin(VersionId upload) {
            steps.add(t -> t.unpin(upload));
            return super.unpin(upload);
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
