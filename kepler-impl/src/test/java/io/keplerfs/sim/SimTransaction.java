package io.keplerfs.sim;

import io.keplerfs.spi.AcceptedBallot;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.Digest;
import io.keplerfs.spi.DigestCell;
import io.keplerfs.spi.DigestKind;
import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRange;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.UploadRow;
import io.keplerfs.values.Backlog;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import io.keplerfs.values.VersionId;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** Registers and settings as one transaction sees them: its own changes over what was there. Everything else is refused. */
final class SimTransaction implements Store.Transaction {
    private final SimTables before;
    private final SimTables changes;

    SimTransaction(SimTables before, SimTables changes) {
        this.before = before;
        this.changes = changes;
    }

    @Override
    public RegisterRow register(RegisterKey key) {
        RegisterRow changed = changes.registers().get(key);
        return changed != null ? changed : before.register(key);
    }

    @Override
    public void putRegister(RegisterRow row) {
        changes.registers().put(row.key(), row);
    }

    /** An untouched row is as good as none. */
    @Override
    public void setAsideRegister(RegisterKey key) {
        putRegister(RegisterRow.untouched(key));
    }

    @Override
    public List<RegisterRow> registers(RegisterRange range) {
        Set<String> names = new HashSet<>();
        return all().registers().values().stream()
                .filter(row -> row.key().bucket().equals(range.bucket())
                        && range.shards().contains(row.key().shard()))
                .filter(RegisterRow::live)
                .filter(row -> row.key().key().startsWith(range.fold().prefix()))
                .filter(row -> range.after() == null
                        || RegisterKey.compareKeys(row.key().key(), range.after()) > 0)
                .sorted((a, b) -> RegisterKey.compareKeys(a.key().key(), b.key().key()))
                .filter(row -> range.fold().of(row.key().key()).map(names::add).orElse(true))
                .limit(range.limit())
                .map(range::told)
                .toList();
    }

    @Override
    public void removeRegister(RegisterKey key) {
        changes.registers().put(key, RegisterRow.untouched(key));
    }

    @Override
    public List<RegisterRow> tombstonesAfter(@Nullable RegisterKey cursor, int limit) {
        return all().registers().values().stream()
                .filter(row -> cursor == null || row.key().compareTo(cursor) > 0)
                .filter(row -> !row.live() && !row.promised().isZero())
                .limit(limit)
                .toList();
    }

    @Override
    public List<RegisterRow> registersAfter(@Nullable RegisterKey cursor, int limit) {
        return all().registers().values().stream()
                .filter(row -> cursor == null || row.key().compareTo(cursor) > 0)
                .limit(limit)
                .toList();
    }

    @Override
    public boolean hasNoRegisters() {
        return all().registers().isEmpty();
    }

    @Override
    public Optional<byte[]> setting(String name) {
        byte[] changed = changes.settings().get(name);
        return Optional.ofNullable(changed != null ? changed : before.settings().get(name));
    }

    @Override
    public void putSetting(String name, byte[] value) {
        changes.settings().put(name, value);
    }

    private SimTables all() {
        SimTables all = new SimTables(before);
        all.putAll(changes);
        return all;
    }

    private static UnsupportedOperationException none() {
        return new UnsupportedOperationException("only registers and settings here");
    }

    @Override
    public Optional<ChunkRow> chunk(ChunkId id) {
        throw none();
    }

    @Override
    public List<ChunkRow> chunksAfter(@Nullable ChunkId cursor, int limit) {
        return List.of();
    }

    @Override
    public List<Pin> pins(ChunkId id) {
        throw none();
    }

    @Override
    public List<QueueRow> due(@Nullable NodeId target, long nowMillis, int limit) {
        throw none();
    }

    @Override
    public List<QueueRow> due(NodeId target, Priority priority, long nowMillis, int limit) {
        throw none();
    }

    @Override
    public List<Backlog> backlog() {
        return List.of();
    }

    @Override
    public long queued() {
        return 0;
    }

    @Override
    public long copiesQueued(Set<NodeId> targets, long most) {
        return 0;
    }

    @Override
    public int dequeueAllBut(Set<NodeId> targets, int limit) {
        return 0;
    }

    @Override
    public List<UploadRow> uploads() {
        throw none();
    }

    @Override
    public List<IntentRow> intents(RegisterKey key) {
        return List.of();
    }

    @Override
    public List<IntentRow> intents(@Nullable String bucket) {
        throw none();
    }

    @Override
    public List<MemberInfo> peers() {
        throw none();
    }

    @Override
    public boolean pin(ChunkId chunk, Pin pin) {
        throw none();
    }

    @Override
    public List<Reference> references(ChunkId id) {
        throw none();
    }

    @Override
    public List<Reference> referencesAfter(@Nullable Reference cursor, int limit) {
        throw none();
    }

    @Override
    public List<Pin> uploadsIn(Reference.State state, long untilMillis, int limit) {
        throw none();
    }

    @Override
    public boolean isDropped(VersionId upload) {
        throw none();
    }

    @Override
    public List<ChunkRow> unreferenced(long untilMillis, @Nullable ChunkId cursor, int limit) {
        throw none();
    }

    @Override
    public OptionalLong unreferencedSince(ChunkId id) {
        throw none();
    }

    @Override
    public Store.Space space() {
        throw none();
    }

    @Override
    public void copyReference(Reference reference) {
        throw none();
    }

    @Override
    public void confirm(VersionId upload) {
        throw none();
    }

    @Override
    public List<ChunkId> unpin(VersionId upload, boolean confirmedOnly) {
        throw none();
    }

    @Override
    public void forgetReferences(ChunkId chunk) {
        throw none();
    }

    @Override
    public int forgetDropped(long untilMillis, int limit) {
        throw none();
    }

    @Override
    public void enqueue(QueueRow task) {
        throw none();
    }

    @Override
    public void dequeue(String kind, byte[] id, NodeId target) {
        throw none();
    }

    @Override
    public void hurry(long nowMillis) {
        throw none();
    }

    @Override
    public void putUpload(UploadRow upload) {
        throw none();
    }

    @Override
    public void removeUpload(VersionId id) {
        throw none();
    }

    @Override
    public void putIntent(IntentRow intent) {
        throw none();
    }

    @Override
    public void removeIntent(RegisterKey key, VersionId id) {
        throw none();
    }

    @Override
    public void putPeer(MemberInfo peer) {
        throw none();
    }

    @Override
    public SortedMap<Integer, Digest> digests(DigestKind kind, int fromPartition, int toPartition) {
        throw none();
    }

    @Override
    public List<Digest> digestCells(DigestKind kind, int partition) {
        throw none();
    }

    @Override
    public List<AcceptedBallot> registersIn(DigestCell cell) {
        throw none();
    }

    @Override
    public List<Reference> referencesIn(DigestCell cell) {
        throw none();
    }

    @Override
    public boolean recountDigests(DigestCell cell) {
        throw none();
    }
}
