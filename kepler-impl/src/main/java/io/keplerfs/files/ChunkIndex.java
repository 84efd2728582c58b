package io.keplerfs.files;

import io.keplerfs.CorruptFileException;
import io.keplerfs.GetOptions;
import io.keplerfs.KeplerException;
import io.keplerfs.Waiting;
import io.keplerfs.replication.ChunkRef;
import io.keplerfs.spi.Pin;
import io.keplerfs.values.ChunkId;
import java.nio.ByteBuffer;
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

    private ChunkRef ref(byte[] ids, int at, long place) throws CorruptFileException {
        if ((at + 1) * ChunkId.BYTES > ids.length) {
            throw new CorruptFileException(
                    pin.bucket() + "/" + pin.key() + " of " + manifest.sizeBytes() + " bytes names no chunk " + place);
        }
        return ChunkList.ref(ids, at, place, chunkSize(), manifest.sizeBytes());
    }

    private byte[] load(Manifest.Tree tree, int index) throws KeplerException {
        long chunks = (manifest.sizeBytes() + tree.chunkSize() - 1) / tree.chunkSize();
        long idsHere = Math.min(tree.idsPerIndex(), chunks - (long) index * tree.idsPerIndex());
        int bytes = (int) idsHere * ChunkId.BYTES;
        ChunkId id = ChunkList.ref(tree.indexIds(), index, 0, bytes, bytes).id();
        ChunkRef indexChunk = new ChunkRef(id, bytes);
        ByteBuffer loaded = Waiting.forResult(node.ownership(options.timeout())
                .thenCompose(ownership -> node.delivery().fetcher().fetch(indexChunk, pin, 0, bytes, true, ownership)));
        byte[] ids = new byte[loaded.remaining()];
        loaded.get(ids);
        return ids;
    }
}
