package io.keplerfs.memory;

import io.keplerfs.memory.MemoryTables.IntentId;
import io.keplerfs.memory.MemoryTables.ReferenceId;
import io.keplerfs.memory.MemoryTables.StoredBytes;
import io.keplerfs.memory.MemoryTables.TaskId;
import io.keplerfs.spi.DigestCell;
import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.Reference.State;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.UploadRow;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Changes the tables in place and remembers how to undo it, last change first. */
class MemoryTransaction extends MemorySnapshot implements Store.Transaction {
    private final Deque<Runnable> undo = new ArrayDeque<>();

    private final long nowMillis;

    MemoryTransaction(MemoryTables tables, long nowMillis) {
        super(tables);
        this.nowMillis = nowMillis;
    }

    void rollBack() {
        undo.forEach(Runnable::run);
    }

    private <K, V> void put(Map<K, V> table, K key, V value) {
        V before = table.put(key, value);
        undo.push(() -> restore(table, key, before));
    }

    private <K, V> void remove(Map<K, V> table, K key) {
        V before = table.remove(key);
        undo.push(() -> restore(table, key, before));
    }

    private static <K, V> void restore(Map<K, V> table, K key, @Nullable V before) {
        if (before == null) {
            table.remove(key);
        } else {
            table.put(key, before);
        }
    }

    @Override
    public void putRegister(RegisterRow row) {
        put(tables().registers, row.key(), row);
    }

    @Override
    public void removeRegister(RegisterKey key) {
        remove(tables().registers, key);
    }

    @Override
    public boolean pin(ChunkId chunk, Pin pin) {
        ReferenceId id = new ReferenceId(chunk, pin.upload());
        if (!tables().references.containsKey(id)) {
            put(tables().references, id, new Reference(chunk, pin, State.INTENT, nowMillis));
        }
        noteWhetherReferenced(chunk);
        return isLive(chunk);
    }

    private boolean isLive(ChunkId chunk) {
        StoredBytes stored = tables().chunks.get(chunk);
        return stored != null && stored.isLive();
    }

    /** Keeps the time since when a chunk has no live reference true; to be called after every change of its references. */
    void noteWhetherReferenced(ChunkId chunk) {
        StoredBytes stored = tables().chunks.get(chunk);
        if (stored == null || stored.isTrash()) {
            return;
        }
        boolean needed = isPinned(chunk);
        if (needed != (stored.sinceMillis() == 0)) {
            put(tables().chunks, chunk, stored.in(stored.state(), needed ? 0 : Math.max(1, nowMillis)));
        }
    }

    @Override
    public void setAsideRegister(RegisterKey key) {
        remove(tables().registers, key);
    }

    @Override
    public void copyReference(Reference reference) {
        ReferenceId id = ReferenceId.of(reference);
        Reference mine = tables().references.get(id);
        if (mine == null || (mine.state() == State.INTENT && reference.state() == State.REF)) {
            put(
                    tables().references,
                    id,
                    new Reference(reference.chunk(), reference.pin(), reference.state(), nowMillis));
            noteWhetherReferenced(reference.chunk());
        }
    }

    @Override
    public void confirm(VersionId upload) {
        become(upload, State.REF, Reference::isLive);
    }

    @Override
    public List<ChunkId> unpin(VersionId upload, boolean confirmedOnly) {
        List<ChunkId> changed = become(
                upload,
                State.DROPPED,
                reference -> confirmedOnly ? reference.state() == State.REF : reference.isLive());
        return changed.stream().filter(chunk -> !isPinned(chunk)).toList();
    }

    private List<ChunkId> become(VersionId upload, State state, Predicate<Reference> from) {
        List<Reference> changing =
                tables().references.of(upload).stream().filter(from).toList();
        for (Reference reference : changing) {
            put(
                    tables().references,
                    ReferenceId.of(reference),
                    new Reference(reference.chunk(), reference.pin(), state, nowMillis));
            noteWhetherReferenced(reference.chunk());
        }
        return changing.stream().map(Reference::chunk).toList();
    }

    @Override
    public void forgetReferences(ChunkId chunk) {
        references(chunk).forEach(reference -> remove(tables().references, ReferenceId.of(reference)));
        noteWhetherReferenced(chunk);
    }

    @Override
    public int forgetDropped(long untilMillis, int limit) {
        List<Reference> old = tables().references.values().stream()
                .filter(reference -> !reference.isLive() && reference.sinceMillis() <= untilMillis)
                .limit(limit)
                .toList();
        old.forEach(reference -> remove(tables().references, ReferenceId.of(reference)));
        return old.size();
    }

    @Override
    public void enqueue(QueueRow task) {
        put(tables().queue, TaskId.of(task), task);
    }

    @Override
    public void dequeue(String kind, byte[] id, NodeId target) {
        remove(tables().queue, new TaskId(kind, id, target));
    }

    @Override
    public int dequeueAllBut(Set<NodeId> targets, int limit) {
        List<QueueRow> others = tables().queue.values().stream()
                .filter(task -> !targets.contains(task.target()))
                .limit(limit)
                .toList();
        others.forEach(task -> dequeue(task.kind(), task.id(), task.target()));
        return others.size();
    }

    @Override
    public void hurry(long nowMillis) {
        due(null, Long.MAX_VALUE, Integer.MAX_VALUE).stream()
                .filter(task -> task.nextAttemptMillis() > nowMillis)
                .forEach(task -> enqueue(task.dueAt(nowMillis)));
    }

    @Override
    public void putUpload(UploadRow upload) {
        put(tables().uploads, upload.id(), upload);
    }

    @Override
    public void removeUpload(VersionId id) {
        remove(tables().uploads, id);
    }

    @Override
    public void putIntent(IntentRow intent) {
        put(tables().intents, new IntentId(intent.key(), intent.id()), intent);
    }

    @Override
    public void removeIntent(RegisterKey key, VersionId id) {
        remove(tables().intents, new IntentId(key, id));
    }

    @Override
    public void putPeer(MemberInfo peer) {
        put(tables().peers, peer.id(), peer);
    }

    /** They are counted whenever somebody asks, so they are never wrong. */
    @Override
    public boolean recountDigests(DigestCell cell) {
        return false;
    }

    @Override
    public void putSetting(String name, byte[] value) {
        put(tables().settings, name, value);
    }
}
