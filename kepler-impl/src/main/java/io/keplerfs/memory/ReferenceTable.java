package io.keplerfs.memory;

import com.google.common.collect.ForwardingNavigableMap;
import io.keplerfs.memory.MemoryTables.ReferenceId;
import io.keplerfs.spi.Reference;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.VersionId;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** References in the order of their chunks, and found by their upload, too; to be changed by put and remove alone. */
final class ReferenceTable extends ForwardingNavigableMap<ReferenceId, Reference> {
    private final NavigableMap<ReferenceId, Reference> byChunk = new TreeMap<>();
    private final Map<VersionId, NavigableSet<ReferenceId>> byUpload = new TreeMap<>();
    /** How many live references a chunk has, if it has any. */
    private final Map<ChunkId, Integer> live = new TreeMap<>();

    @Override
    protected NavigableMap<ReferenceId, Reference> delegate() {
        return byChunk;
    }

    @Override
    public @Nullable Reference put(@Nullable ReferenceId key, @Nullable Reference value) {
        ReferenceId id = Objects.requireNonNull(key);
        Reference reference = Objects.requireNonNull(value);
        byUpload.computeIfAbsent(id.upload(), first -> new TreeSet<>()).add(id);
        Reference before = byChunk.put(id, reference);
        count(before, -1);
        count(reference, 1);
        return before;
    }

    private void count(@Nullable Reference reference, int more) {
        if (reference != null && reference.isLive()) {
            live.merge(reference.chunk(), more, (old, added) -> old + added == 0 ? null : old + added);
        }
    }

    @Override
    public void putAll(Map<? extends ReferenceId, ? extends Reference> more) {
        standardPutAll(more);
    }

    @Override
    public @Nullable Reference remove(@Nullable Object key) {
        if (key instanceof ReferenceId id) {
            byUpload.computeIfPresent(id.upload(), (upload, ids) -> ids.remove(id) && ids.isEmpty() ? null : ids);
        }
        Reference before = byChunk.remove(key);
        count(before, -1);
        return before;
    }

    /** Whether the chunk has a live one. */
    boolean isLive(ChunkId chunk) {
        return live.containsKey(chunk);
    }

    /** In the order of their chunks. */
    List<Reference> of(VersionId upload) {
        NavigableSet<ReferenceId> ids = byUpload.get(upload);
        return ids == null ? List.of() : ids.stream().map(byChunk::get).toList();
    }
}
