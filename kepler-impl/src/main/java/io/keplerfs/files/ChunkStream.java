package io.keplerfs.files;

import io.keplerfs.GetOptions;
import io.keplerfs.KeplerException;
import io.keplerfs.Waiting;
import io.keplerfs.replication.ChunkRef;
import io.keplerfs.spi.Pin;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * A range of a file, chunk by chunk, with the next one or two on their way while the caller reads. Owned by the caller's thread.
 *
 * <p>Holds at least one place of the node's {@link ReadWindow} while chunks are in memory and takes more only if they are free,
 * so that many readers share the heap and none of them starves.
 */
final class ChunkStream extends InputStream {
    private static final int READ_AHEAD = 3;

    private final Node node;
    private final ChunkIndex index;
    private final Pin pin;
    private final GetOptions options;
    private final Deque<CompletableFuture<ByteBuffer>> coming = new ArrayDeque<>();
    private ByteBuffer now = ByteBuffer.allocate(0);
    private boolean holding;
    private long nextOffset;
    private long fetchOffset;
    private final long end;
    private boolean closed;
    private boolean broken;

    /** Reads from {@code offset} up to, not including, {@code end}. */
    ChunkStream(Node node, ChunkIndex index, Pin pin, GetOptions options, long offset, long end) {
        this.node = node;
        this.index = index;
        this.pin = pin;
        this.options = options;
        this.nextOffset = offset;
        this.fetchOffset = offset;
        this.end = end;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (closed) {
            throw new IOException("the stream is closed");
        }
        if (broken) {
            throw new IOException("reading failed before at byte " + nextOffset + "; open the file again");
        }
        if (length == 0) {
            return 0;
        }
        if (!now.hasRemaining()) {
            if (nextOffset == end) {
                release();
                return -1;
            }
            advance();
        }
        int bytes = Math.min(length, now.remaining());
        now.get(target, offset, bytes);
        nextOffset += bytes;
        return bytes;
    }

    @Override
    public int available() {
        return now.remaining();
    }

    @Override
    public void close() {
        closed = true;
        release();
        // What is still on its way frees its place when it arrives.
        coming.forEach(fetch ->
                fetch.whenComplete((bytes, failure) -> node.limits().reads().leave()));
        coming.clear();
    }

    private void advance() throws KeplerException {
        release();
        if (coming.isEmpty()) {
            node.limits().reads().enter(options.timeout());
            fetch();
        }
        while (coming.size() < READ_AHEAD
                && fetchOffset < end
                && node.limits().reads().tryEnter()) {
            fetch();
        }
        CompletableFuture<ByteBuffer> first = coming.remove();
        holding = true;
        // Until the piece is here: whoever reads on after a failure must not get the next piece in its place.
        broken = true;
        now = Waiting.forResult(first);
        broken = false;
    }

    private void release() {
        if (holding) {
            holding = false;
            now = ByteBuffer.allocate(0);
            node.limits().reads().leave();
        }
    }

    /** Asks for the rest of the chunk at fetchOffset, or as much of it as belongs to the range. The place has been taken. */
    private void fetch() throws KeplerException {
        try {
            ChunkRef chunk = index.chunkAt(fetchOffset);
            int from = (int) (fetchOffset % index.chunkSize());
            int length = (int) Math.min(chunk.sizeBytes() - from, end - fetchOffset);
            coming.add(node.ownership(options.timeout())
                    .thenCompose(ownership -> node.delivery()
                            .fetcher()
                            .fetch(chunk, pin, from, length, options.verifySha256(), ownership)));
            fetchOffset += length;
        } catch (KeplerException | RuntimeException failure) {
            node.limits().reads().leave();
            throw failure;
        }
    }
}
