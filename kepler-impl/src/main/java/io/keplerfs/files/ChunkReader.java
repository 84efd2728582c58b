package io.keplerfs.files;

import io.keplerfs.GetOptions;
import io.keplerfs.replication.ChunkRef;
import io.keplerfs.spi.Pin;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A range of a file, chunk by chunk, with the next one or two on their way while the caller uses the one before. Called by one
 * thread at a time.
 *
 * <p>Holds at least one place of the node's {@link ReadWindow} while chunks are in memory and takes more only if they are free,
 * so that many readers share the heap and none of them starves.
 */
final class ChunkReader {
    private static final int READ_AHEAD = 3;

    private final Node node;
    private final ChunkIndex index;
    private final Pin pin;
    private final GetOptions options;
    private final Deque<Piece> coming = new ArrayDeque<>();
    private @Nullable Piece held;
    private long fetchOffset;
    private final long end;

    /** A piece on its way, or in use; it occupies its place once that has been taken. */
    private record Piece(CompletableFuture<@Nullable Void> place, CompletableFuture<ByteBuffer> bytes) {}

    /** Reads from {@code offset} up to, not including, {@code end}. */
    ChunkReader(Node node, ChunkIndex index, Pin pin, GetOptions options, long offset, long end) {
        this.node = node;
        this.index = index;
        this.pin = pin;
        this.options = options;
        this.fetchOffset = offset;
        this.end = end;
    }

    /** Whether {@link #next} would have nothing to answer. */
    boolean isAtEnd() {
        return coming.isEmpty() && fetchOffset == end;
    }

    /** The next piece; the one before must not be used any more. After a failure the reader can only be closed. */
    CompletableFuture<ByteBuffer> next() {
        release();
        if (coming.isEmpty()) {
            fetch(node.limits().reads().enter(node.loop(), options.timeout()));
        }
        while (coming.size() < READ_AHEAD
                && fetchOffset < end
                && node.limits().reads().tryEnter()) {
            fetch(CompletableFuture.completedFuture(null));
        }
        Piece first = coming.remove();
        held = first;
        return first.bytes();
    }

    /** The piece that was delivered last is not used any more. */
    void release() {
        Piece used = held;
        if (used != null) {
            held = null;
            leaveAfter(used);
        }
    }

    void close() {
        release();
        coming.forEach(this::leaveAfter);
        coming.clear();
    }

    /** What is still on its way frees its place when it arrives. */
    private void leaveAfter(Piece piece) {
        piece.bytes()
                .whenComplete((bytes, failure) ->
                        piece.place().thenRun(() -> node.limits().reads().leave()));
    }

    /** Asks for the rest of the chunk at fetchOffset, or as much of it as belongs to the range. */
    private void fetch(CompletableFuture<@Nullable Void> place) {
        int from = (int) (fetchOffset % index.chunkSize());
        int length = (int) Math.min(index.chunkSize() - from, end - fetchOffset);
        CompletableFuture<ChunkRef> chunk = index.chunkAt(fetchOffset);
        CompletableFuture<ByteBuffer> bytes = place.thenCompose(taken -> chunk)
                .thenCombine(
                        node.ownership(options.timeout()),
                        (ref, ownership) -> node.delivery()
                                .fetcher()
                                .fetch(ref, pin, from, length, options.verifySha256(), ownership))
                .thenCompose(fetched -> fetched);
        coming.add(new Piece(place, bytes));
        fetchOffset += length;
    }
}
