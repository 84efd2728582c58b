package io.keplerfs.files;

import io.keplerfs.register.ReadResult;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.register.Settled;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The queue task "manifest": an owner lacks the newest value of a register. Delivered as a late accept, which is always safe.
 *
 * <pre>
 * "manifest"  id: register
 * </pre>
 */
final class Owing {
    private static final String MANIFEST = "manifest";
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private final Node node;

    Owing(Node node) {
        this.node = node;
        node.queue().deliverWith(MANIFEST, this::deliver);
    }

    /** Makes it durable that these owners are behind. Any thread. */
    CompletableFuture<Void> manifest(RegisterKey key, Collection<NodeId> owners, String reason) {
        byte[] id = new WireWriter().register(key).toBytes();
        long epoch = node.views().ownership().map(o -> o.newest().epoch()).orElse(0L);
        List<QueueRow> tasks = owners.stream()
                .map(owner -> node.queue().task(MANIFEST, id, owner, epoch, reason))
                .toList();
        return node.queue().add(tasks);
    }

    private CompletableFuture<Void> deliver(QueueRow task) {
        RegisterKey key = new WireReader(task.id()).register();
        // This node's own row may be older than what the owner lacks.
        return newest(key)
                .thenCompose(found -> found.ballot().isZero()
                        ? CompletableFuture.completedFuture(null)
                        : offer(key, found, task.target()));
    }

    /** An owner refuses when it has promised something newer; if nobody ever followed that up, a full round gets past it. */
    private CompletableFuture<Void> offer(RegisterKey key, ReadResult.Value found, NodeId target) {
        return node.registers()
                .offer(key, found.ballot(), found.value(), target, TIMEOUT)
                .thenCompose(taken -> taken
                        ? CompletableFuture.completedFuture(null)
                        : node.registers()
                                .settle(key, RegisterValue.NONE.id(), TIMEOUT)
                                .thenCompose(Owing::tryAgain));
    }

    /** The new round need not have reached the target: the task is tried once more, with the new ballot. */
    private static CompletableFuture<Void> tryAgain(Settled settled) {
        return CompletableFuture.failedFuture(
                new IllegalStateException("the owner had promised something newer: " + settled));
    }

    private CompletableFuture<ReadResult.Value> newest(RegisterKey key) {
        return node.registers()
                .read(key, TIMEOUT)
                .thenCompose(result -> result instanceof ReadResult.Value found
                        ? CompletableFuture.completedFuture(found)
                        : CompletableFuture.failedFuture(
                                new IllegalStateException("the owners of " + key + " do not answer")));
    }
}
