package io.keplerfs.files;

import io.keplerfs.FileInfo;
import io.keplerfs.FileSnapshot;
import io.keplerfs.GetOptions;
import io.keplerfs.replication.ChunkRef;
import io.keplerfs.spi.Pin;
import io.keplerfs.values.ChunkId;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** One version of a file as this node found it. Any thread. */
public final class Snapshot implements FileSnapshot {
    private final Node node;
    private final FileInfo info;
    private final Manifest manifest;
    private final GetOptions options;

    Snapshot(Node node, FileInfo info, Manifest manifest, GetOptions options) {
        this.node = node;
        this.info = info;
        this.manifest = manifest;
        this.options = options;
    }

    @Override
    public FileInfo info() {
        return info;
    }

    @Override
    public InputStream stream(long offset, long length) {
        check(offset, length);
        if (manifest.content() instanceof Manifest.Inline inline) {
            return new ByteArrayInputStream(inline.bytes(), (int) offset, (int) length);
        }
        return new ServedStream(new ChunkStream(reader(offset, length), offset), node.calls());
    }

    /** As many bytes as fit into memory, for callers that must not block; fails like {@link #stream}. */
    public CompletableFuture<byte[]> read(long offset, int length) {
        check(offset, length);
        if (manifest.content() instanceof Manifest.Inline inline) {
            return CompletableFuture.completedFuture(
                    Arrays.copyOfRange(inline.bytes(), (int) offset, (int) offset + length));
        }
        byte[] target = new byte[length];
        ChunkReader reader = reader(offset, length);
        return readOn(reader, ByteBuffer.wrap(target))
                .thenApply(read -> target)
                .whenComplete((bytes, failure) -> reader.close());
    }

    /** Ids of its chunks, in their order, from this place on; fails like {@link #stream}. */
    CompletableFuture<List<ChunkId>> chunks(long from, int limit) {
        if (manifest.content() instanceof Manifest.Inline) {
            return CompletableFuture.completedFuture(List.of());
        }
        ChunkIndex index = new ChunkIndex(node, manifest, pin(), options);
        return chunks(index, from, limit, new ArrayList<>());
    }

    private CompletableFuture<List<ChunkId>> chunks(ChunkIndex index, long place, int limit, List<ChunkId> found) {
        long count = (info.sizeBytes() + index.chunkSize() - 1) / index.chunkSize();
        CompletableFuture<List<ChunkId>> done = CompletableFuture.completedFuture(found);
        // Only the first of an index chunk is waited for: a thousand others must not become a thousand stack frames.
        for (long next = place; next < count && found.size() < limit; next++) {
            CompletableFuture<ChunkRef> ref = index.chunkAt(next * index.chunkSize());
            if (!ref.isDone() || ref.isCompletedExceptionally()) {
                long after = next + 1;
                return ref.thenCompose(chunk -> {
                    found.add(chunk.id());
                    return chunks(index, after, limit, found);
                });
            }
            found.add(ref.join().id());
        }
        return done;
    }

    private static CompletableFuture<ByteBuffer> readOn(ChunkReader reader, ByteBuffer target) {
        return reader.isAtEnd()
                ? CompletableFuture.completedFuture(target)
                : reader.next().thenCompose(piece -> readOn(reader, target.put(piece)));
    }

    private void check(long offset, long length) {
        if (offset < 0 || length < 0 || offset > info.sizeBytes() - length) {
            throw new IllegalArgumentException("bytes " + offset + " to " + (offset + length)
                    + " do not lie within the " + info.sizeBytes() + " bytes of " + info.bucket() + "/" + info.key());
        }
    }

    private Pin pin() {
        return new Pin(manifest.upload(), info.bucket(), info.key());
    }

    private ChunkReader reader(long offset, long length) {
        Pin pin = pin();
        ChunkIndex index = new ChunkIndex(node, manifest, pin, options);
        return new ChunkReader(node, index, pin, options, offset, offset + length);
    }
}
