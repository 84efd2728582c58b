package io.keplerfs.memory;

import io.keplerfs.memory.MemoryTables.ReferenceId;
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
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** A look at the tables, consistent because nothing else runs while its function does. */
class MemorySnapshot implements Store.Snapshot {
    private static final Comparator<QueueRow> OLDEST_FIRST = Comparator.comparingLong(QueueRow::nextAttemptMillis);
    private static final Comparator<IntentRow> BY_KEY_OLDEST_FIRST =
            Comparator.comparing(IntentRow::key).thenComparing(IntentRow::ballot);

    private final MemoryTables tables;
    private boolean ended;

    MemorySnapshot(MemoryTables tables) {
        this.tables = tables;
    }

    final MemoryTables tables() {
        if (ended) {
            throw new IllegalStateException("a snapshot is valid only inside the function it was given to");
        }
        return tables;
    }

    final void end() {
        ended = true;
    }

    @Override
    public final RegisterRow register(RegisterKey key) {
        RegisterRow row = tables().registers.get(key);
        return row == null ? RegisterRow.untouched(key) : row;
    }

    @Override
    public final List<RegisterRow> registers(RegisterRange range) {
        return MemoryRange.of(tables().registers, range);
    }

    @Override
    public final List<RegisterRow> registersAfter(@Nullable RegisterKey cursor, int limit) {
        return above(tables().registers, cursor).limit(limit).toList();
    }

    @Override
    public final List<RegisterRow> tombstonesAfter(@Nullable RegisterKey cursor, int limit) {
        return above(tables().registers, cursor)
                .filter(row -> !row.live())
                .limit(limit)
                .toList();
    }

    private static <K, V> Stream<V> above(NavigableMap<K, V> map, @Nullable K cursor) {
        return walk(cursor == null ? map : map.tailMap(cursor, false));
    }

    /** A part of a tree counts all its entries when its own stream asks for their number. */
    private static <K, V> Stream<V> walk(Map<K, V> part) {
        Iterator<V> values = part.values().iterator();
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(values, Spliterator.ORDERED), false);
    }

    @Override
    public final boolean hasNoRegisters() {
        return tables().registers.isEmpty();
    }

    @Override
    public final Optional<ChunkRow> chunk(ChunkId id) {
        return Optional.ofNullable(tables().chunks.get(id)).map(MemoryTables.StoredBytes::row);
    }

    @Override
    public final List<ChunkRow> chunksAfter(@Nullable ChunkId cursor, int limit) {
        return above(tables().chunks, cursor)
                .map(MemoryTables.StoredBytes::row)
                .limit(limit)
                .toList();
    }

    @Override
    public final List<Pin> pins(ChunkId id) {
        return references(id).stream()
                .filter(Reference::isLive)
                .map(Reference::pin)
                .toList();
    }

    /** Whether {@link #pins} would name any. */
    final boolean isPinned(ChunkId id) {
        return tables().references.isLive(id);
    }

    @Override
    public final List<Reference> references(ChunkId id) {
        return walk(tables().references.tailMap(new ReferenceId(id, ReferenceId.LOWEST)))
                .takeWhile(reference -> reference.chunk().equals(id))
                .toList();
    }

    @Override
    public final Optional<Reference> reference(ChunkId id, VersionId upload) {
        return Optional.ofNullable(tables().references.get(new ReferenceId(id, upload)));
    }

    @Override
    public final List<Reference> referencesAfter(@Nullable Reference cursor, int limit) {
        return above(tables().references, cursor == null ? null : ReferenceId.of(cursor))
                .limit(limit)
                .toList();
    }

    @Override
    public final List<Pin> uploadsIn(Reference.State state, long untilMillis, int limit) {
        Map<VersionId, Pin> uploads = new LinkedHashMap<>();
        tables().references.values().stream()
                .filter(reference -> reference.state() == state && reference.sinceMillis() <= untilMillis)
                .sorted(Comparator.comparingLong(Reference::sinceMillis))
                .forEach(reference -> uploads.putIfAbsent(reference.pin().upload(), reference.pin()));
        return uploads.values().stream().limit(limit).toList();
    }

    @Override
    public final boolean isDropped(VersionId upload) {
        return tables().references.of(upload).stream().anyMatch(reference -> !reference.isLive());
    }

    @Override
    public final List<ChunkRow> unreferenced(long untilMillis, @Nullable ChunkId cursor, int limit) {
        return above(tables().chunks, cursor)
                .filter(chunk -> chunk.isUnreferenced() && chunk.sinceMillis() <= untilMillis)
                .map(MemoryTables.StoredBytes::row)
                .limit(limit)
                .toList();
    }

    @Override
    public final OptionalLong unreferencedSince(ChunkId id) {
        MemoryTables.StoredBytes chunk = tables().chunks.get(id);
        return chunk != null && chunk.isUnreferenced() ? OptionalLong.of(chunk.sinceMillis()) : OptionalLong.empty();
    }

    @Override
    public final Store.Space space() {
        long trash = 0;
        long unreferenced = 0;
        for (MemoryTables.StoredBytes chunk : tables().chunks.values()) {
            trash += chunk.isTrash() ? chunk.bytes().length : 0;
            unreferenced += chunk.isLive() && chunk.isUnreferenced() ? chunk.bytes().length : 0;
        }
        return new Store.Space(trash, unreferenced);
    }

    @Override
    public final List<QueueRow> due(@Nullable NodeId target, long nowMillis, int limit) {
        return due(task -> target == null || task.target().equals(target), nowMillis, limit);
    }

    @Override
    public final List<QueueRow> due(NodeId target, Priority priority, long nowMillis, int limit) {
        return due(task -> task.priority() == priority && task.target().equals(target), nowMillis, limit);
    }

    private List<QueueRow> due(Predicate<QueueRow> wanted, long nowMillis, int limit) {
        return tables().queue.values().stream()
                .filter(task -> task.nextAttemptMillis() <= nowMillis)
                .filter(wanted)
                .sorted(OLDEST_FIRST)
                .limit(limit)
                .toList();
    }

    @Override
    public final List<Backlog> backlog() {
        Map<Priority, List<QueueRow>> byPriority = new EnumMap<>(Priority.class);
        tables().queue
                .values()
                .forEach(task -> byPriority
                        .computeIfAbsent(task.priority(), first -> new ArrayList<>())
                        .add(task));
        return byPriority.values().stream().map(MemorySnapshot::backlog).toList();
    }

    private static Backlog backlog(List<QueueRow> tasks) {
        Priority priority = tasks.get(0).priority();
        long chunks = priority == Priority.SMALL
                ? 0
                : tasks.stream()
                        .map(task -> ByteBuffer.wrap(Arrays.copyOf(task.id(), ChunkId.BYTES)))
                        .distinct()
                        .count();
        long bytes = tasks.stream().mapToLong(QueueRow::bytes).sum();
        return new Backlog(priority, tasks.size(), chunks, bytes);
    }

    @Override
    public final long queued() {
        return tables().queue.size();
    }

    @Override
    public final long copiesQueued(Set<NodeId> targets, long most) {
        return tables().queue.values().stream()
                .filter(task -> task.priority() != Priority.SMALL && targets.contains(task.target()))
                .limit(most)
                .count();
    }

    @Override
    public final List<UploadRow> uploads() {
        return List.copyOf(tables().uploads.values());
    }

    @Override
    public final List<IntentRow> intents(RegisterKey key) {
        return intentsSorted().filter(intent -> intent.key().equals(key)).toList();
    }

    @Override
    public final List<IntentRow> intents(@Nullable String bucket) {
        return intentsSorted()
                .filter(intent -> bucket == null || intent.key().bucket().equals(bucket))
                .toList();
    }

    private Stream<IntentRow> intentsSorted() {
        return tables().intents.values().stream().sorted(BY_KEY_OLDEST_FIRST);
    }

    @Override
    public final List<MemberInfo> peers() {
        return List.copyOf(tables().peers.values());
    }

    @Override
    public final SortedMap<Integer, Digest> digests(DigestKind kind, int fromPartition, int toPartition) {
        return MemoryDigests.roots(tables(), kind, fromPartition, toPartition);
    }

    @Override
    public final List<Digest> digestCells(DigestKind kind, int partition) {
        return MemoryDigests.cells(tables(), kind, partition);
    }

    @Override
    public final List<AcceptedBallot> registersIn(DigestCell cell) {
        return MemoryDigests.registers(tables())
                .filter(item -> DigestCell.of(item.key()).equals(cell))
                .toList();
    }

    @Override
    public final List<Reference> referencesIn(DigestCell cell) {
        return MemoryDigests.references(tables())
                .filter(reference -> cell.has(reference.chunk()))
                .toList();
    }

    @Override
    public final Optional<byte[]> setting(String name) {
        return Optional.ofNullable(tables().settings.get(name));
    }
}
