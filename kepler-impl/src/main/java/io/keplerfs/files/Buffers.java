package io.keplerfs.files;

import io.keplerfs.UnavailableException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * The chunk buffers of all uploads of a node: a fixed number, so that uploads of any size and any number cannot grow the heap.
 * When all are in use, whoever wants one waits. Safe for use by several threads.
 */
public final class Buffers {
    private final int sizeBytes;
    private final Semaphore free;
    private final ConcurrentLinkedQueue<ByteBuffer> idle = new ConcurrentLinkedQueue<>();

    public Buffers(int sizeBytes, int count) {
        this.sizeBytes = sizeBytes;
        this.free = new Semaphore(count, true);
    }

    /** An empty buffer; blocks the calling thread until there is one. */
    ByteBuffer acquire(Duration timeout) throws UnavailableException {
        try {
            if (!free.tryAcquire(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new UnavailableException("no chunk buffer became free for " + timeout.toMillis()
                        + " ms: too many uploads run on this node, or its peers are too slow");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new UnavailableException("interrupted while waiting for a chunk buffer", interrupted);
        }
        ByteBuffer buffer = idle.poll();
        return buffer == null ? ByteBuffer.allocate(sizeBytes) : buffer.clear();
    }

    void release(ByteBuffer buffer) {
        idle.add(buffer);
        free.release();
    }
}
