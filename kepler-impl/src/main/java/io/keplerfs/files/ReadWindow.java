package io.keplerfs.files;

import io.keplerfs.UnavailableException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** How many fetched chunks all readers of a node may hold at the same time; bounds the heap. Safe for use by several threads. */
public final class ReadWindow {
    private final Semaphore free;

    public ReadWindow(int chunks) {
        this.free = new Semaphore(chunks, true);
    }

    /** One more chunk; blocks the calling thread until it may be held. */
    void enter(Duration timeout) throws UnavailableException {
        try {
            if (!free.tryAcquire(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new UnavailableException("too many large reads run on this node: no place became free for "
                        + timeout.toMillis() + " ms");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new UnavailableException("interrupted while waiting to read", interrupted);
        }
    }

    /** One more chunk if that is possible at once. */
    boolean tryEnter() {
        return free.tryAcquire();
    }

    void leave() {
        free.release();
    }
}
