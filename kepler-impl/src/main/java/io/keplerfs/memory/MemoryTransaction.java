package io.keplerfs.memory;

import io.keplerfs.memory.MemoryTables.IntentId;
import io.keplerfs.memory.MemoryTables.Reference;
import io.keplerfs.memory.MemoryTables.TaskId;
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
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Changes the tables in place and remembers how to undo it, last change first. */
class MemoryTransaction extends MemorySnapshot implements Store.Transaction {
    private final Deque<Runnable> undo = new ArrayDeque<>();

    MemoryTransaction(MemoryTables tables) {
        super(tables);
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
    public boolean pin(ChunkId chunk, Pin pin) {
        put(tables().references, new Reference(chunk, pin.upload()), pin);
        return tables().chunks.containsKey(chunk);
    }

    @Override
    public List<ChunkId> unpin(VersionId upload) {
        List<Reference> dropped = tables().references.keySet().stream()
                .filter(reference -> reference.upload().equals(upload))
                .toList();
        dropped.forEach(reference -> remove(tables().references, reference));
        return dropped.stream()
                .map(Reference::chunk)
                .filter(chunk -> pins(chunk).isEmpty())
                .toList();
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

    @Override
    public void putSetting(String name, byte[] value) {
        put(tables().settings, name, value);
    }
}
