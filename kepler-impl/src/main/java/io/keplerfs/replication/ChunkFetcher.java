package io.keplerfs.replication;

import io.keplerfs.CorruptFileException;
import io.keplerfs.UnavailableException;
import io.keplerfs.loop.Loop;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.MissingChunkException;
import io.keplerfs.spi.Pin;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import io.keplerfs.view.Ownership;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Reads chunks from whoever has a good copy: this node, then its owners, then anybody (ownership may just have moved). A copy
 * that is missing where it belongs is put into the replication queue. Owned by the loop; {@link #fetch} may be called anywhere.
 */
public final class ChunkFetcher {
    /** A second owner is asked when the first is silent for so long: several times what a healthy disk needs for 4 MB. */
    private static final Duration HEDGE = Duration.ofMillis(400);

    private final Loop loop;
    private final Rpc rpc;
    private final ChunkCalls calls;
    private final ChunkDelivery delivery;
    private final Bandwidth bandwidth;

    ChunkFetcher(Loop loop, Rpc rpc, ChunkDelivery delivery, Bandwidth bandwidth) {
        this.loop = loop;
        this.rpc = rpc;
        this.calls = new ChunkCalls(rpc);
        this.delivery = delivery;
        this.bandwidth = bandwidth;
    }

    /**
     * Reads {@code length} checked bytes of a chunk for a client.
     *
     * @param pin the file it is read for, under which missing copies are mended
     * @return a buffer of the caller's own; fails with {@link UnavailableException} or {@link CorruptFileException}
     */
    public CompletableFuture<ByteBuffer> fetch(
            ChunkRef chunk, Pin pin, int offset, int length, boolean verify, Ownership ownership) {
        Fetch fetch = new Fetch(chunk, pin, offset, length, verify, ownership);
        loop.execute(fetch::askNext);
        return fetch.result.thenApply(bytes -> {
            bandwidth.foreground(length);
            return bytes;
        });
    }

    /**
     * Reads a whole chunk, by its hash, for a target that has said that it lacks it. Whoever copies knows what it owes: were
     * other nodes' tasks added anew here, two that fail would forget their pauses for each other. What this node itself turns
     * out to lack is put into the queue. Any thread.
     */
    CompletableFuture<ByteBuffer> fetchForCopy(ChunkRef chunk, Pin pin, NodeId target, Ownership ownership) {
        Fetch fetch = new Fetch(chunk, pin, 0, chunk.sizeBytes(), true, ownership);
        fetch.forCopyTo(target);
        loop.execute(fetch::askNext);
        return fetch.result;
    }

    private final class Fetch {
        private final ChunkRef chunk;
        private final Pin pin;
        private final int offset;
        private final int length;
        private final boolean verify;
        private final Set<NodeId> owners = new LinkedHashSet<>();
        private final Queue<NodeId> candidates;
        private final List<NodeId> without = new ArrayList<>();
        private final List<String> failures = new ArrayList<>();
        private final CompletableFuture<ByteBuffer> result = new CompletableFuture<>();
        private @Nullable NodeId copiedTo;
        private int asked;

        Fetch(ChunkRef chunk, Pin pin, int offset, int length, boolean verify, Ownership ownership) {
            this.chunk = chunk;
            this.pin = pin;
            this.offset = offset;
            this.length = length;
            this.verify = verify;
            int partition = ownership.newest().ring().partitionOf(chunk.id());
            owners.addAll(ownership.newest().ring().owners(partition));
            this.candidates = order(ownership, partition);
        }

        void forCopyTo(NodeId target) {
            copiedTo = target;
            candidates.remove(target);
            without.add(target);
        }

        private Queue<NodeId> order(Ownership ownership, int partition) {
            Set<NodeId> all = new LinkedHashSet<>();
            all.add(rpc.self());
            all.addAll(owners);
            all.addAll(ownership.current().ring().owners(partition));
            all.addAll(ownership.everybody());
            Queue<NodeId> reachableFirst = new ArrayDeque<>();
            all.stream().filter(rpc::reachable).forEach(reachableFirst::add);
            all.stream().filter(node -> !rpc.reachable(node)).forEach(node -> {
                if (owners.contains(node)) {
                    reachableFirst.add(node);
                } else {
                    failures.add(node + ": cannot be reached");
                }
            });
            return reachableFirst;
        }

        void askNext() {
            NodeId node = candidates.poll();
            if (node == null || result.isDone()) {
                failIfNobodyIsLeft();
                return;
            }
            asked++;
            Loop.Timer hedge = loop.schedule(HEDGE, this::askNext);
            loop.when(calls.get(node, chunk.id(), offset, length, verify), (bytes, failure) -> {
                hedge.cancel();
                asked--;
                if (bytes != null) {
                    found(bytes);
                } else {
                    failed(node, failure);
                }
            });
        }

        private void found(ByteBuffer bytes) {
            if (result.complete(bytes)) {
                List<NodeId> lacking = without.stream().filter(owners::contains).toList();
                // Those that were not asked are not known to lack it; whoever has just sent it is one, owner or not.
                int left = Math.max(1, owners.size() - lacking.size());
                List<NodeId> told = lacking.stream().filter(this::mayBeOwedNow).toList();
                delivery.suggest(chunk, pin, told, Priority.ofCopiesLeft(left, owners.size()), "read repair");
            }
        }

        private boolean mayBeOwedNow(NodeId node) {
            return copiedTo == null || (node.equals(rpc.self()) && !node.equals(copiedTo));
        }

        private void failed(NodeId node, @Nullable Throwable failure) {
            if (failure instanceof MissingChunkException) {
                without.add(node);
            } else {
                failures.add(node + ": " + (failure == null ? "no answer" : failure.getMessage()));
            }
            askNext();
        }

        private void failIfNobodyIsLeft() {
            if (asked == 0 && !result.isDone()) {
                result.completeExceptionally(
                        failures.isEmpty()
                                ? new CorruptFileException("no node has a good copy of chunk " + chunk.id() + " of "
                                        + pin.bucket() + "/" + pin.key() + "; asked " + without)
                                : new UnavailableException("chunk " + chunk.id() + " of " + pin.bucket() + "/"
                                        + pin.key() + " cannot be read now: missing on " + without + ", no answer from "
                                        + failures));
            }
        }
    }
}
