package io.keplerfs.files;

import io.keplerfs.UnavailableException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.IntConsumer;

/** The caller's stream and the thread that may wait for it. One read at a time; fails with what the stream throws. */
final class Source {
    private final InputStream in;
    private final Executor where;
    private final PutAttempt put;

    /**
     * @param where runs every read and tells the caller's progress
     * @param put what it is read for
     */
    Source(InputStream in, Executor where, PutAttempt put) {
        this.in = in;
        this.where = where;
        this.put = put;
    }

    PutAttempt put() {
        return put;
    }

    /** The first bytes, fewer only if there are no more. */
    CompletableFuture<byte[]> first(int bytes) {
        return on(() -> in.readNBytes(bytes));
    }

    /**
     * Fills the buffer up, less only if there are no more bytes; done with the buffer ready to be read.
     *
     * @param progress told how many bytes there are, unless there are none
     */
    CompletableFuture<ByteBuffer> fill(ByteBuffer buffer, IntConsumer progress) {
        return on(() -> {
            int read = in.readNBytes(buffer.array(), buffer.arrayOffset() + buffer.position(), buffer.remaining());
            buffer.position(buffer.position() + read).flip();
            if (buffer.hasRemaining()) {
                progress.accept(buffer.remaining());
            }
            return buffer;
        });
    }

    private <T> CompletableFuture<T> on(Callable<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        try {
            where.execute(() -> {
                try {
                    put.check();
                    result.complete(work.call());
                } catch (Throwable failure) {
                    result.completeExceptionally(failure);
                }
            });
        } catch (RejectedExecutionException busy) {
            result.completeExceptionally(
                    new UnavailableException("too many uploads run on this node's own threads", busy));
        }
        return result;
    }
}
