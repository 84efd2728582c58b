package io.keplerfs.tcp;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one thread that looks whether time limits have passed: often while something is under way, rarely otherwise. */
final class Ticker implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(Ticker.class);

    /** How much later than its timeout a call may fail. */
    private static final long BUSY_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final BooleanSupplier tick;
    private volatile @Nullable Thread thread;
    private volatile boolean drowsy;
    private volatile boolean closed;

    /** @param tick looks at all limits; true if some may pass soon */
    Ticker(BooleanSupplier tick) {
        this.tick = tick;
    }

    @Override
    public void run() {
        thread = Thread.currentThread();
        while (!closed) {
            // Said before looking: who begins something after the look sees it and wakes this thread.
            drowsy = true;
            boolean busy = look();
            drowsy = !busy;
            LockSupport.parkNanos(busy ? BUSY_NANOS : QUIET_NANOS);
        }
    }

    private boolean look() {
        try {
            return tick.getAsBoolean();
        } catch (RuntimeException bug) {
            LOG.error("looking at time limits failed, the next look is due in {} ms", BUSY_NANOS / 1_000_000, bug);
            return true;
        }
    }

    /** Something with a short limit has begun. Cheap while the ticker is busy anyway. */
    void wake() {
        if (drowsy) {
            LockSupport.unpark(thread);
        }
    }

    void close() {
        closed = true;
        LockSupport.unpark(thread);
    }
}
