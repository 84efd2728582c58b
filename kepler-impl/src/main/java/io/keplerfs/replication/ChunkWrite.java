package io.keplerfs.replication;

import io.keplerfs.values.NodeId;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;

/**
 * One chunk on its way to its owners. The sets belong to the loop and may be read by others once {@link #durable} is done.
 */
public final class ChunkWrite {
    private final CompletableFuture<Void> durable = new CompletableFuture<>();
    private final CompletableFuture<Void> finished = new CompletableFuture<>();
    private final Set<NodeId> lacking = new TreeSet<>();
    private final Set<NodeId> acked = new TreeSet<>();

    ChunkWrite(Set<NodeId> targets) {
        lacking.addAll(targets);
    }

    /** Done when enough owners have it on disk; fails with {@link io.keplerfs.UnavailableException} when they cannot. */
    public CompletableFuture<Void> durable() {
        return durable;
    }

    /** Done, never failed, when nobody reads the buffer any more. */
    public CompletableFuture<Void> finished() {
        return finished;
    }

    /** Owners that have it; a copy. On the loop. */
    public Set<NodeId> acked() {
        return Collections.unmodifiableSet(new TreeSet<>(acked));
    }

    /** Owners that have not acked (yet); a copy. On the loop. */
    public Set<NodeId> lacking() {
        return Collections.unmodifiableSet(new TreeSet<>(lacking));
    }

    void ack(NodeId node) {
        lacking.remove(node);
        acked.add(node);
    }
}
