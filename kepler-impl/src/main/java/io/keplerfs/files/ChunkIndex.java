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

    /** Tasks that have every owner take every chunk, index chunks included. */
    CompletableFuture<List<QueueRow>> debts(Ownership ownership) {
        List<QueueRow> tasks = new ArrayList<>();
        if (manifest.content() instanceof Manifest.Chunks chunks) {
            oweAll(chunks.ids(), 0, ownership, tasks);
        } else if (manifest.content() instanceof Manifest.Tree tree) {
            return debts(tree, 0, ownership, tasks);
        }
        return CompletableFuture.completedFuture(tasks);
    }

    private CompletableFuture<List<QueueRow>> debts(
            Manifest.Tree tree, int index, Ownership ownership, List<QueueRow> tasks) {
        if (index * ChunkId.BYTES >= tree.indexIds().length) {
            return CompletableFuture.completedFuture(tasks);
        }
        owe(indexChunk(tree, index), ownership, tasks);
        return ids(tree, index).thenCompose(ids -> {
            oweAll(ids, (long) index * tree.idsPerIndex(), ownership, tasks);
            return debts(tree, index + 1, ownership, tasks);
        });
    }

    private void oweAll(byte[] ids, long firstPlace, Ownership ownership, List<QueueRow> tasks) {
        for (int at = 0; at < ids.length / ChunkId.BYTES; at++) {
            owe(ChunkList.ref(ids, at, firstPlace + at, chunkSize(), manifest.sizeBytes()), ownership, tasks);
        }
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
