package io.keplerfs.spi;

import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import java.time.Duration;

/**
 * One task of the durable replication queue; (kind, id, target) is its identity.
 *
 * @param kind what to do, a short lower-case word
 * @param id what to do it with, encoded by the kind
 * @param target who must get it
 * @param epoch view it was made in
 * @param reason for the operator
 * @param attempts how often it was tried
 * @param lastAttemptMillis when last, milliseconds since 1970, 0 never
 * @param nextAttemptMillis not before this
 * @param priority which goes first
 * @param bytes of the chunk to copy, whose 32-byte hash {@code id} begins with then; 0 at {@link Priority#SMALL}
 */
public record QueueRow(
        String kind,
        byte[] id,
        NodeId target,
        long epoch,
        String reason,
        int attempts,
        long lastAttemptMillis,
        long nextAttemptMillis,
        Priority priority,
        long bytes) {
    public QueueRow {
        if (bytes < 0 || (priority == Priority.SMALL && bytes > 0)) {
            throw new IllegalArgumentException("a task at priority " + priority + " cannot move " + bytes + " bytes");
        }
    }

    /** A task that moves no chunk. */
    public QueueRow(
            String kind,
            byte[] id,
            NodeId target,
            long epoch,
            String reason,
            int attempts,
            long lastAttemptMillis,
            long nextAttemptMillis) {
        this(kind, id, target, epoch, reason, attempts, lastAttemptMillis, nextAttemptMillis, Priority.SMALL, 0);
    }

    /** The same task as one that copies a chunk. */
    public QueueRow copying(Priority urgency, long chunkBytes) {
        return new QueueRow(
                kind, id, target, epoch, reason, attempts, lastAttemptMillis, nextAttemptMillis, urgency, chunkBytes);
    }

    /** The same task after an attempt that failed. */
    public QueueRow failed(int tries, long nowMillis, long nextMillis) {
        return new QueueRow(kind, id, target, epoch, reason, tries, nowMillis, nextMillis, priority, bytes);
    }

    /** The same task, due then. */
    public QueueRow dueAt(long millis) {
        return new QueueRow(kind, id, target, epoch, reason, attempts, lastAttemptMillis, millis, priority, bytes);
    }

    /** The same task, due so much later. */
    public QueueRow delayedBy(Duration delay) {
        return dueAt(nextAttemptMillis + delay.toMillis());
    }
}
