package io.keplerfs;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** The time a lease is judged by. A seam for tests: the real one is the monotonic clock of this process. */
interface LeaseClock {
    LeaseClock MONOTONIC = new LeaseClock() {
        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public void pause(Duration duration) throws InterruptedException {
            TimeUnit.NANOSECONDS.sleep(duration.toNanos());
        }
    };

    /** Only differences mean anything; never set back, never set by hand. */
    long nanoTime();

    /** Blocks the calling thread. */
    void pause(Duration duration) throws InterruptedException;
}
