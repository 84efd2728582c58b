package io.keplerfs.files;

import io.keplerfs.CorruptFileException;
import io.keplerfs.GetOptions;
import io.keplerfs.KeplerException;
import io.keplerfs.Waiting;
import io.keplerfs.replication.ChunkRef;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Ownership;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** Which chunk holds which byte of a file; fetches index chunks of very large files as they are needed. Owned by one thread. */
final class ChunkIndex {
    private final Node node;
    private final Manifest manifest;
    private final Pin pin;
    private final GetOptions options;
    private int loadedIndex = -1;
    private byte @Nullable [] loadedIds;

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

    /** The chunk that holds this byte; blocks for an index chunk if it must. */
    ChunkRef chunkAt(long offset) throws KeplerException {
        long place = offset / chunkSize();
        if (manifest.content() instanceof Manifest.Chunks chunks) {
            return ref(chunks.ids(), (int) place, place);
        }
        Manifest.Tree tree = (Manifest.Tree) manifest.content();
        int index = (int) (place / tree.idsPerIndex());
        byte[] ids = loadedIds;
        if (ids == null || index != loadedIndex) {
            ids = load(tree, index);
            loadedIds = ids;
            loadedIndex = index;
        }
        return ref(ids, (int) (place % tree.idsPerIndex()), place);
    }

    /** Tasks that have every owner take every chunk, index chunks included; blocks. */
    List<QueueRow> debts(Ownership ownership) {
        List<QueueRow> tasks = new ArrayList<>();
        if (manifest.content() instanceof Manifest.Inline) {
            return tasks;
        }
        try {
            if (manifest.content() instanceof Manifest.Tree tree) {
                for (int index = 0; index * ChunkId.BYTES < tree.indexIds().length; index++) {
                    owe(indexChunk(tree, index), ownership, tasks);
                }
            }
            for (long offset = 0; offset < manifest.sizeBytes(); offset += chunkSize()) {
                owe(chunkAt(offset), ownership, tasks);
            }
            return tasks;
        } catch (KeplerException unreadable) {
            throw new CompletionException(unreadable);
        }
    }

    private void owe(ChunkRef chunk, Ownership ownership, List<QueueRow> tasks) {
        List<NodeId> owners =
                ownership.newest().ring().owners(ownership.newest().ring().partitionOf(chunk.id()));
        tasks.addAll(node.delivery().debts(chunk, pin, owners, "upload that broke off at its end"));
    }

    private ChunkRef ref(byte[] ids, int at, long place) throws CorruptFileException {
        if ((at + 1) * ChunkId.BYTES > ids.length) {
            throw new CorruptFileException(
                    pin.bucket() + "/" + pin.key() + " of " + manifest.sizeBytes() + " bytes names no chunk " + place);
        }
        return ChunkList.ref(ids, at, place, chunkSize(), manifest.sizeBytes());
    }

    private ChunkRef indexChunk(Manifest.Tree tree, int index) {
        long chunks = (manifest.sizeBytes() + tree.chunkSize() - 1) / tree.chunkSize();
        long idsHere = Math.min(tree.idsPerIndex(), chunks - (long) index * tree.idsPerIndex());
        int bytes = (int) idsHere * ChunkId.BYTES;
        return new ChunkRef(
                ChunkList.ref(tree.indexIds(), index, 0, bytes, bytes).id(), bytes);
    }

    private byte[] load(Manifest.Tree tree, int index) throws KeplerException {
        ChunkRef indexChunk = indexChunk(tree, index);
        int bytes = indexChunk.sizeBytes();
        ByteBuffer loaded = Waiting.forResult(node.ownership(options.timeout())
                .thenCompose(ownership -> node.delivery().fetcher().fetch(indexChunk, pin, 0, bytes, true, ownership)));
        byte[] ids = new byte[loaded.remaining()];
        loaded.get(ids);
        return ids;
    }
}
