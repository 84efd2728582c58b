package io.keplerfs.memory;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** The requests of one peer on one lane that wait for their handler: bounded, so that a slow node never fills the heap. */
final class Inbox {
    /** Far more than the calls one node has open to another. */
    private static final int MAX_CALLS = 1024;
    /** Room for one of the largest messages while another is handled. */
    private static final long MAX_BYTES = 128 << 20;

    private final Line line;
    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();

    Inbox(Line line) {
        this.line = line;
    }

    /** Queues a delivery on the line; false if there is no room, or if the line has ended. */
    boolean offer(long size, Runnable delivery) {
        int callsThen = calls.incrementAndGet();
        long bytesThen = bytes.addAndGet(size);
        boolean room = callsThen <= MAX_CALLS && bytesThen <= MAX_BYTES;
        if (room
                && line.execute(() -> {
                    taken(size);
                    delivery.run();
                })) {
            return true;
        }
        taken(size);
        return false;
    }

    private void taken(long size) {
        calls.decrementAndGet();
        bytes.addAndGet(-size);
    }

    /** Ends the thread behind this inbox. */
    void end() {
        line.end();
    }
}
