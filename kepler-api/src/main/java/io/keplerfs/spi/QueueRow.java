package io.keplerfs.spi;

import io.keplerfs.values.NodeId;
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
 */
public record QueueRow(
        String kind,
        byte[] id,
        NodeId target,
        long epoch,
        String reason,
        int attempts,
        long lastAttemptMillis,
        long nextAttemptMillis) {
    /** The same task, due so much later. */
    public QueueRow delayedBy(Duration delay) {
        long next = nextAttemptMillis + delay.toMillis();
        return new QueueRow(kind, id, target, epoch, reason, attempts, lastAttemptMillis, next);
    }
}
