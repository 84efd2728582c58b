package io.keplerfs.replication;

import io.keplerfs.spi.QueueRow;
import java.util.concurrent.CompletableFuture;

/** What one kind of queue task means. */
@FunctionalInterface
public interface Delivery {
    /**
     * Does the task, which may have been done before (at least once, so it must be idempotent). Called on the loop.
     *
     * @return done when the target has it durably, or does not need it any more; failed to try again later
     */
    CompletableFuture<Void> deliver(QueueRow task);
}
