package io.keplerfs.tcp;

import io.keplerfs.spi.Message;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Memory for request bodies on the bulk lane: a budget of bytes over all peers, and the arrays that come back for reuse. Those
 * who wait are served in their order, so that a large body gets its turn. Thread-safe; guarded by itself.
 */
final class BodyPool {
    /** Enough to keep two cores and a disk busy with chunks of 4 MiB. */
    private static final long MOST_BYTES = 128L << 20;
    /** Less of the heap than the host application would notice. */
    private static final int SHARE_OF_HEAP = 8;
    /** Smaller arrays are cheaper to make than to keep. */
    private static final int SMALLEST_POOLED_BYTES = 64 << 10;

    private static final long LOOK_MILLIS = 100;

    private final Site site;
    private final long budgetBytes;
    private final Queue<Object> waiting = new ArrayDeque<>();
    private final Deque<byte[]> free = new ArrayDeque<>();
    private long usedBytes;
    private long freeBytes;
    private long lastUsedNanos;

    BodyPool(Site site, long budgetBytes) {
        this.site = site;
        this.budgetBytes = budgetBytes;
    }

    /** The budget of a process with so much heap. */
    static long budgetFor(long maxHeapBytes) {
        return Math.min(MOST_BYTES, maxHeapBytes / SHARE_OF_HEAP);
    }

    /**
     * Waits until a body fits into the budget; one larger than the whole budget waits until it is alone.
     *
     * @param gone looked at now and then: whether nobody wants the body any more
     * @return null if it is gone
     */
    @Nullable
    Lease take(int length, BooleanSupplier gone) throws InterruptedException {
        if (length == 0) {
            return unpooled(0);
        }
        int size = length < SMALLEST_POOLED_BYTES ? length : roundUp(length);
        byte[] reused;
        synchronized (this) {
            if (!awaitTurn(size, gone)) {
                return null;
            }
            usedBytes += size;
            lastUsedNanos = site.now();
            reused = reuse(size);
        }
        return new Lease(reused.length > 0 ? reused : allocate(size), size);
    }

    private byte[] allocate(int size) {
        boolean made = false;
        try {
            byte[] array = new byte[size];
            made = true;
            return array;
        } finally {
            if (!made) {
                giveBack(size, new byte[0]);
            }
        }
    }

    /** Memory that is not part of the budget, for lanes whose messages are small. */
    Lease unpooled(int length) {
        return new Lease(new byte[length], 0);
    }

    private synchronized boolean awaitTurn(int size, BooleanSupplier gone) throws InterruptedException {
        Object ticket = new Object();
        waiting.add(ticket);
        try {
            while (waiting.peek() != ticket || (usedBytes > 0 && usedBytes + size > budgetBytes)) {
                if (gone.getAsBoolean()) {
                    return false;
                }
                wait(LOOK_MILLIS);
            }
            return true;
        } finally {
            waiting.remove(ticket);
            notifyAll();
        }
    }

    /** Chunks of one cluster are of one size, so a few sizes serve all; an eighth is wasted at most. */
    private static int roundUp(int length) {
        int step = Integer.highestOneBit(length) >> 3;
        return (length + step - 1) / step * step;
    }

    private byte[] reuse(int size) {
        for (byte[] array : free) {
            if (array.length == size) {
                free.removeFirstOccurrence(array);
                freeBytes -= size;
                return array;
            }
        }
        while (!free.isEmpty() && usedBytes + freeBytes > budgetBytes) {
            freeBytes -= free.removeLast().length;
        }
        return new byte[0];
    }

    private synchronized void giveBack(int size, byte[] array) {
        usedBytes -= size;
        if (array.length >= SMALLEST_POOLED_BYTES && usedBytes + freeBytes + array.length <= budgetBytes) {
            free.addFirst(array);
            freeBytes += array.length;
        }
        lastUsedNanos = site.now();
        notifyAll();
    }

    /** Bytes of the bodies handed out. */
    synchronized long usedBytes() {
        return usedBytes;
    }

    /** Gives the arrays to the garbage collector when no body has come or gone for a while. */
    synchronized void trim(Duration unused) {
        if (!free.isEmpty() && site.passed(unused, lastUsedNanos)) {
            free.clear();
            freeBytes = 0;
        }
    }

    /** One body's memory, from its first byte to its answer. Any thread; only the first way back counts. */
    final class Lease {
        private final byte[] array;
        private final int size;
        private final AtomicBoolean back = new AtomicBoolean();

        private Lease(byte[] array, int size) {
            this.array = array;
            this.size = size;
        }

        byte[] array() {
            return array;
        }

        /** Whether an answer is made of this body: then the body is needed until the answer has left. */
        boolean isPartOf(Message answer) {
            return isArrayOf(answer.head()) || isArrayOf(answer.body());
        }

        // Only the array's identity matters, not where in it the buffer begins.
        @SuppressWarnings("ByteBufferBackingArray")
        private boolean isArrayOf(ByteBuffer buffer) {
            return buffer.hasArray() ? buffer.array() == array : buffer.hasRemaining();
        }

        /** The handler is done with it: the next body may overwrite it. */
        void recycle() {
            if (back.compareAndSet(false, true) && size > 0) {
                giveBack(size, array);
            }
        }

        /** The handler may still read it, but nobody will learn of it: the budget is free again, the array is not. */
        void forfeit() {
            if (back.compareAndSet(false, true) && size > 0) {
                giveBack(size, new byte[0]);
            }
        }
    }
}
