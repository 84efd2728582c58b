package io.keplerfs.files;

import io.keplerfs.UnavailableException;
import io.keplerfs.loop.Loop;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The chunk buffers of all uploads of a node: a fixed number, so that uploads of any size and any number cannot grow the heap.
 * When all are in use, whoever wants one waits. Safe for use by several threads.
 */
public final class Buffers {
    private final int sizeBytes;
    private final Places places;
    private final ConcurrentLinkedQueue<ByteBuffer> idle = new ConcurrentLinkedQueue<>();

    public Buffers(int sizeBytes, int count) {
        this.sizeBytes = sizeBytes;
        this.places = new Places(count);
    }

    /** An empty buffer as soon as there is one; fails with {@link UnavailableException}. */
    CompletableFuture<ByteBuffer> acquire(Loop loop, Duration timeout) {
        return places.take(
                        loop,
                        timeout,
                        () -> new UnavailableException("no chunk buffer became free for " + timeout.toMillis()
                                + " ms: too many uploads run on this node, or its peers are too slow"))
                .thenApply(taken -> {
                    ByteBuffer buffer = idle.poll();
                    return buffer == null ? ByteBuffer.allocate(sizeBytes) : buffer.clear();
                });
    }

    void release(ByteBuffer buffer) {
        idle.add(buffer);
        places.giveBack();
    }
}
