package io.keplerfs.files;

import io.keplerfs.CorruptFileException;
import io.keplerfs.GetOptions;
import io.keplerfs.replication.ChunkRef;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import io.keplerfs.view.Ownership;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Which chunk holds which byte of a file; fetches index chunks of very large files as they are needed. Called by one thread at a
 * time.
 */
final class ChunkIndex {
    private final Node node;
    private final Manifest manifest;
    private final Pin pin;
    private final GetOptions options;
    private int loadedIndex = -1;
    private @Nullable CompletableFuture<byte[]> loadedIds;

    ChunkIndex(Node node, Manifest manifest, Pin pin, GetOptions options) {
        this.node = node;
        this.manifest = manifest;
        this.pin = pin;
        this.options = options;
    }

    int chunkSize() {
        if (manifest.content() instanceof Manifest.Chunks chunks) {
            return chunks.chunkSize();
        } else if (manifest.content() instanceof Manifest.Tree tree) {
            return tree.chunkSize();
        }
        throw new IllegalStateException("an inline file has no chunks");
    }

    /** The chunk that holds this byte; fails like a read of chunks. */
    CompletableFuture<ChunkRef> chunkAt(long offset) {
        long place = offset / chunkSize();
        if (manifest.content() instanceof Manifest.Chunks chunks) {
            return ref(chunks.ids(), (int) place, place);
        }
        Manifest.Tree tree = (Manifest.Tree) manifest.content();
        return ids(tree, (int) (place / tree.idsPerIndex()))
                .thenCompose(ids -> ref(ids, (int) (place % tree.idsPerIndex()), place));
    }

    private CompletableFuture<byte[]> ids(Manifest.Tree tree, int index) {
        CompletableFuture<byte[]> ids = loadedIds;
        if (ids == null || index != loadedIndex) {
            ids = load(indexChunk(tree, index));
            loadedIds = ids;
            loadedIndex = index;
        }
        return ids;
    }

    /**
     * How many parts {@link #part} tells the chunks in: the first is what the manifest itself names, each other one what an index
     * chunk lists.
     */
    int parts() {
        return manifest.content() instanceof Manifest.Tree tree ? 1 + tree.indexIds().length / ChunkId.BYTES : 1;
    }

    /** The chunks of one part, from 0; fails like a read of chunks. */
    CompletableFuture<List<ChunkRef>> part(int part) {
        if (manifest.content() instanceof Manifest.Chunks chunks) {
            return CompletableFuture.completedFuture(refs(chunks.ids(), 0));
        } else if (!(manifest.content() instanceof Manifest.Tree tree)) {
            return CompletableFuture.completedFuture(List.of());
        } else if (part == 0) {
            return CompletableFuture.completedFuture(IntStream.range(0, parts() - 1)
                    .mapToObj(index -> indexChunk(tree, index))
                    .toList());
        } else {
            return ids(tree, part - 1).thenApply(ids -> refs(ids, (long) (part - 1) * tree.idsPerIndex()));
        }
    }

    /** Tasks that have every owner take every chunk, index chunks included. */
    CompletableFuture<List<QueueRow>> debts(Ownership ownership) {
        return debts(0, ownership, new ArrayList<>());
    }

    private CompletableFuture<List<QueueRow>> debts(int part, Ownership ownership, List<QueueRow> tasks) {
        if (part == parts()) {
            return CompletableFuture.completedFuture(tasks);
        }
        return part(part).thenCompose(chunks -> {
            chunks.forEach(chunk -> owe(chunk, ownership, tasks));
            return debts(part + 1, ownership, tasks);
        });
    }

    private List<ChunkRef> refs(byte[] ids, long firstPlace) {
        return IntStream.range(0, ids.length / ChunkId.BYTES)
                .mapToObj(at -> ChunkList.ref(ids, at, firstPlace + at, chunkSize(), manifest.sizeBytes()))
                .toList();
    }

    private void owe(ChunkRef chunk, Ownership ownership, List<QueueRow> tasks) {
        List<NodeId> owners =
                ownership.newest().ring().owners(ownership.newest().ring().partitionOf(chunk.id()));
        tasks.addAll(node.delivery()
                .debts(chunk, pin, owners, Priority.UNDER_REPLICATED, "upload that broke off at its end"));
    }

    private CompletableFuture<ChunkRef> ref(byte[] ids, int at, long place) {
        if ((at + 1) * ChunkId.BYTES > ids.length) {
            return CompletableFuture.failedFuture(new CorruptFileException(
                    pin.bucket() + "/" + pin.key() + " of " + manifest.sizeBytes() + " bytes names no chunk " + place));
        }
        return CompletableFuture.completedFuture(ChunkList.ref(ids, at, place, chunkSize(), manifest.sizeBytes()));
    }

    private ChunkRef indexChunk(Manifest.Tree tree, int index) {
        long chunks = (manifest.sizeBytes() + tree.chunkSize() - 1) / tree.chunkSize();
        long idsHere = Math.min(tree.idsPerIndex(), chunks - (long) index * tree.idsPerIndex());
        int bytes = (int) idsHere * ChunkId.BYTES;
        return new ChunkRef(
                ChunkList.ref(tree.indexIds(), index, 0, bytes, bytes).id(), bytes);
    }

    private CompletableFuture<byte[]> load(ChunkRef chunk) {
        return node.ownership(options.timeout())
                .thenCompose(
                        ownership -> node.delivery().fetcher().fetch(chunk, pin, 0, chunk.sizeBytes(), true, ownership))
                .thenApply(loaded -> {
                    byte[] ids = new byte[loaded.remaining()];
                    loaded.get(ids);
                    return ids;
                });
    }
}
