package io.keplerfs;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** The time a lease is judged by, and chance: the door through which both come in, so that tests can put others there. */
interface LeaseSurroundings {
    LeaseSurroundings PROCESS = new LeaseSurroundings() {
        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public void pause(Duration duration) throws InterruptedException {
            TimeUnit.NANOSECONDS.sleep(duration.toNanos());
        }

        @Override
        public String newId() {
            return UUID.randomUUID().toString();
        }
    };

    /** Nanoseconds; only differences mean anything; never set back, never set by hand. */
    long nanoTime();

    /** Blocks the calling thread. */
    void pause(Duration duration) throws InterruptedException;

    /** Unlike every other one. */
    String newId();
}
