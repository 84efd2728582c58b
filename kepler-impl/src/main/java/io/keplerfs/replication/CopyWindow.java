package io.keplerfs.replication;

import io.keplerfs.spi.QueueRow;
import java.util.ArrayList;
import java.util.List;

/**
 * How many copies may be under way at once, for all targets together: each may hold a chunk in memory. Owned by the loop.
 *
 * <p>Sixteen are four targets at full speed: enough for a gigabit, and a target that hangs cannot hold the others up, because it
 * gets one at a time from its first failure on.
 */
final class CopyWindow {
    static final int MOST_COPIES = 16;
    /** Sixteen chunks of the default size. */
    static final long MOST_BYTES = 64L << 20;

    private int copies;
    private long bytes;

    /** The first of these that there is room for now, in their order; {@link #release} each. One always fits when there are none. */
    List<QueueRow> admit(List<QueueRow> tasks) {
        List<QueueRow> admitted = new ArrayList<>();
        for (QueueRow task : tasks) {
            if (copies > 0 && (copies >= MOST_COPIES || bytes + task.bytes() > MOST_BYTES)) {
                break;
            }
            copies++;
            bytes += task.bytes();
            admitted.add(task);
        }
        return admitted;
    }

    void release(QueueRow task) {
        copies--;
        bytes -= task.bytes();
        assert copies >= 0 && bytes >= 0 : "released twice: " + task;
    }

    boolean isFull() {
        return copies >= MOST_COPIES || bytes >= MOST_BYTES;
    }
}
