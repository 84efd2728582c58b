package io.keplerfs.disk;

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
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** The tables as one SQLite transaction sees them, until it ends. */
class SqlSnapshot implements Store.Snapshot {
    private final Tables tables;
    private boolean ended;

    SqlSnapshot(Tables tables) {
        this.tables = tables;
    }

    /** The door to every table: the connection behind it soon belongs to somebody else. */
    final Tables tables() {
        if (ended) {
            throw new IllegalStateException("a snapshot is valid only inside the function it was given to");
        }
        return tables;
    }

    final void end() {
        ended = true;
    }

    @Override
    public RegisterRow register(RegisterKey key) {
        return tables().registers().find(key);
    }

    @Override
    public final List<RegisterRow> registers(RegisterRange range) {
        return RegisterListing.of(tables().registers().sql(), range);
    }

    @Override
    public final List<RegisterRow> registersAfter(@Nullable RegisterKey cursor, int limit) {
        return tables().registers().above(cursor, limit);
    }

    @Override
    public final List<RegisterRow> tombstonesAfter(@Nullable RegisterKey cursor, int limit) {
        return tables().registers().notLiveAbove(cursor, limit);
    }

    @Override
    public final boolean hasNoRegisters() {
        return tables().registers().isEmpty();
    }

    @Override
    public final Optional<ChunkRow> chunk(ChunkId id) {
        return tables().chunks().find(id);
    }

    @Override
    public final List<ChunkRow> chunksAfter(@Nullable ChunkId cursor, int limit) {
        return tables().chunks().above(cursor, limit);
    }

    @Override
    public final List<Pin> pins(ChunkId id) {
        return tables().references().pins(id);
    }

    @Override
    public final List<Reference> references(ChunkId id) {
        return tables().references().of(id);
    }

    @Override
    public final Optional<Reference> reference(ChunkId id, VersionId upload) {
        return tables().references().of(id, upload);
    }

    @Override
    public final List<Reference> referencesAfter(@Nullable Reference cursor, int limit) {
        return tables().references().above(cursor, limit);
    }

    @Override
    public final List<Pin> uploadsIn(Reference.State state, long untilMillis, int limit) {
        return tables().references().uploadsIn(state, untilMillis, limit);
    }

    @Override
    public final boolean isDropped(VersionId upload) {
        return tables().references().isDropped(upload);
    }

    @Override
    public final List<ChunkRow> unreferenced(long untilMillis, @Nullable ChunkId cursor, int limit) {
        return tables().chunks().unreferenced(untilMillis, cursor, limit);
    }

    @Override
    public final OptionalLong unreferencedSince(ChunkId id) {
        return tables().chunks().unreferencedSince(id);
    }

    @Override
    public final Store.Space space() {
        return tables().chunks().space();
    }

    @Override
    public final List<QueueRow> due(@Nullable NodeId target, long nowMillis, int limit) {
        return tables().queue().due(target, nowMillis, limit);
    }

    @Override
    public final List<QueueRow> due(NodeId target, Priority priority, long nowMillis, int limit) {
        return tables().queue().due(target, priority, nowMillis, limit);
    }

    @Override
    public final List<Backlog> backlog() {
        return tables().queue().backlog();
    }

    @Override
    public final long queued() {
        return tables().queue().size();
    }

    @Override
    public final long copiesQueued(Set<NodeId> targets, long most) {
        return tables().queue().copies(targets, most);
    }

    @Override
    public final List<UploadRow> uploads() {
        return tables().uploads().all();
    }

    @Override
    public final List<IntentRow> intents(RegisterKey key) {
        return tables().intents().of(key);
    }

    @Override
    public final List<IntentRow> intents(@Nullable String bucket) {
        return tables().intents().all(bucket);
    }

    @Override
    public final List<MemberInfo> peers() {
        return tables().peers().all();
    }

    @Override
    public final SortedMap<Integer, Digest> digests(DigestKind kind, int fromPartition, int toPartition) {
        return tables().digests().roots(kind, fromPartition, toPartition);
    }

    @Override
    public final List<Digest> digestCells(DigestKind kind, int partition) {
        return tables().digests().cells(kind, partition);
    }

    @Override
    public final List<AcceptedBallot> registersIn(DigestCell cell) {
        return tables().digests().registers(cell);
    }

    @Override
    public final List<Reference> referencesIn(DigestCell cell) {
        return tables().digests().references(cell);
    }

    @Override
    public final Optional<byte[]> setting(String name) {
        return tables().settings().find(name);
    }
}
