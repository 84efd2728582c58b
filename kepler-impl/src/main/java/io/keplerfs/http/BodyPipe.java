package io.keplerfs.http;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Carries the body of a large upload from its event loop to the one worker that reads it as a stream, through bounded memory.
 *
 * <p>When it is full the connection reads no more until the worker has taken half of it. A body that breaks off makes
 * {@link #read} throw: the stream ends only when the whole body has come, so that half a file never looks like a file.
 *
 * <p>All fields but the final ones are guarded by {@code lock}.
 */
final class BodyPipe extends InputStream implements RequestBody {
    /** What a waiting buffer counts for at least: a client that sends single bytes cannot fill the heap with their overhead. */
    private static final int LEAST_COST = 1 << 10;

    private final int capacity;
    private final Runnable roomAgain;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<ByteBuf> waiting = new ArrayDeque<>();
    private int waitingCost;
    private int mostWaitingCost;
    private long received;
    private boolean paused;
    private boolean ended;
    private boolean abandoned;
    private @Nullable IOException failure;

    /** @param roomAgain called on the reading thread after {@link #full()} was true and there is room again */
    BodyPipe(int capacity, Runnable roomAgain) {
        this.capacity = capacity;
        this.roomAgain = roomAgain;
    }

    @Override
    public void accept(ByteBuf bytes) {
        lock.lock();
        try {
            if (abandoned || failure != null || !bytes.isReadable()) {
                return;
            }
            received += bytes.readableBytes();
            waiting.add(bytes.retainedSlice());
            waitingCost += cost(bytes.readableBytes());
            mostWaitingCost = Math.max(mostWaitingCost, waitingCost);
            paused = waitingCost >= capacity;
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean full() {
        lock.lock();
        try {
            return paused;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void end() {
        lock.lock();
        try {
            ended = true;
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void fail(IOException reason) {
        lock.lock();
        try {
            if (!ended && failure == null) {
                failure = new IOException(reason.getMessage() + " after " + received + " bytes of the body", reason);
                drop();
                changed.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** The worker reads no more; what still comes is dropped. */
    void abandon() {
        boolean wasPaused;
        lock.lock();
        try {
            abandoned = true;
            wasPaused = paused;
            drop();
        } finally {
            lock.unlock();
        }
        if (wasPaused) {
            roomAgain.run();
        }
    }

    /** The most that ever waited, in bytes. */
    int mostWaiting() {
        lock.lock();
        try {
            return mostWaitingCost;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length == 0) {
            return 0;
        }
        int taken;
        boolean resume;
        lock.lock();
        try {
            if (!awaitBytes()) {
                return -1;
            }
            taken = take(target, offset, length);
            resume = paused && waitingCost <= capacity / 2;
            paused &= !resume;
        } finally {
            lock.unlock();
        }
        if (resume) {
            roomAgain.run();
        }
        return taken;
    }

    /** False at the end of the body. */
    private boolean awaitBytes() throws IOException {
        while (waiting.isEmpty() && !ended && failure == null) {
            try {
                changed.await();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while waiting for the body of an upload", interrupted);
            }
        }
        if (failure != null) {
            throw new IOException(failure.getMessage(), failure);
        }
        return !waiting.isEmpty();
    }

    private int take(byte[] target, int offset, int length) {
        int taken = 0;
        while (taken < length && !waiting.isEmpty()) {
            ByteBuf next = waiting.getFirst();
            int before = next.readableBytes();
            int some = Math.min(before, length - taken);
            next.readBytes(target, offset + taken, some);
            taken += some;
            waitingCost -= cost(before);
            if (next.isReadable()) {
                waitingCost += cost(next.readableBytes());
            } else {
                waiting.removeFirst().release();
            }
        }
        return taken;
    }

    private void drop() {
        waiting.forEach(ByteBuf::release);
        waiting.clear();
        waitingCost = 0;
        paused = false;
    }

    private static int cost(int bytes) {
        return Math.max(LEAST_COST, bytes);
    }
}
