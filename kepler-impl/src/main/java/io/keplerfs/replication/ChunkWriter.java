package io.keplerfs.replication;

import io.keplerfs.Durability;
import io.keplerfs.UnavailableException;
import io.keplerfs.loop.Loop;
import io.keplerfs.ring.Ring;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.TransportException;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Ownership;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Sends chunks to their owners. Owned by the loop.
 *
 * <p>A peer that fell silent is left out for a while: otherwise every chunk of an upload would wait for it in turn while holding
 * a buffer. What it misses, it gets from the replication queue.
 */
public final class ChunkWriter {
    private static final Duration SHUN = Duration.ofSeconds(5);

    private final Loop loop;
    private final Rpc rpc;
    private final Bandwidth bandwidth;
    private final ChunkCalls calls;
    private final Map<NodeId, Long> silentUntilNanos = new HashMap<>();

    /** @param bandwidth is told what clients' uploads move */
    public ChunkWriter(Loop loop, Rpc rpc, Bandwidth bandwidth) {
        this.loop = loop;
        this.rpc = rpc;
        this.bandwidth = bandwidth;
        this.calls = new ChunkCalls(rpc);
    }

    /**
     * Pins the chunk on its owners and sends the bytes to those that lack them. On the loop.
     *
     * @param bytes position to limit; untouched until {@link ChunkWrite#finished}
     */
    public ChunkWrite write(ChunkId chunk, ByteBuffer bytes, Pin pin, Durability durability, Ownership ownership) {
        int partition = ownership.newest().ring().partitionOf(chunk);
        List<List<NodeId>> sets = ownership.ownerSets(partition);
        Set<NodeId> targets = new LinkedHashSet<>();
        sets.forEach(targets::addAll);
        ChunkWrite write = new ChunkWrite(targets);
        boolean fast = durability == Durability.FAST;
        // Of a fast write everybody else is served by the queue; this node keeps a copy even where it is no owner.
        List<List<NodeId>> asked = fast ? List.of(List.of(rpc.self())) : sets;
        Set<NodeId> receivers = fast ? Set.of(rpc.self()) : targets;
        boolean onlyCopy = receivers.size() == 1;
        new FanOut(write, chunk, asked, durability == Durability.ALL)
                .send(
                        receivers,
                        bytes,
                        owner -> onlyCopy
                                ? calls.giveTheOnlyCopy(owner, chunk, pin, bytes)
                                : calls.give(owner, chunk, pin, bytes));
        return write;
    }

    private boolean isShunned(NodeId node) {
        return silentUntilNanos.getOrDefault(node, Long.MIN_VALUE) - loop.nanoTime() > 0
                && silentUntilNanos.containsKey(node);
    }

    /** The answers to one chunk's requests. */
    private final class FanOut {
        private final ChunkWrite write;
        private final ChunkId chunk;
        private final List<List<NodeId>> sets;
        private final boolean all;
        private final Map<NodeId, String> failed = new TreeMap<>();
        /** Those that failed for nothing but space. */
        private final Set<NodeId> full = new TreeSet<>();

        private int open;
        private int sizeBytes;

        FanOut(ChunkWrite write, ChunkId chunk, List<List<NodeId>> sets, boolean all) {
            this.write = write;
            this.chunk = chunk;
            this.sets = sets;
            this.all = all;
        }

        void send(Set<NodeId> targets, ByteBuffer bytes, Function<NodeId, CompletableFuture<Void>> give) {
            targets.stream().filter(ChunkWriter.this::isShunned).forEach(node -> failed.put(node, "silent just now"));
            if (isHopeless()) {
                // Too many are silent to do without them: ask them all the same.
                failed.clear();
            }
            open = targets.size() - failed.size();
            sizeBytes = bytes.remaining();
            for (NodeId target : targets) {
                if (!failed.containsKey(target)) {
                    loop.when(give.apply(target), (done, failure) -> answered(target, failure));
                }
            }
            settle();
        }

        private void answered(NodeId node, @org.jspecify.annotations.Nullable Throwable failure) {
            open--;
            if (failure == null) {
                write.ack(node);
                bandwidth.foreground(sizeBytes);
                silentUntilNanos.remove(node);
            } else {
                failed.put(node, String.valueOf(failure.getMessage()));
                if (failure instanceof NoRoomException) {
                    full.add(node);
                }
                if (failure instanceof TransportException lost && lost.maybeDelivered()) {
                    silentUntilNanos.put(node, loop.nanoTime() + SHUN.toNanos());
                }
            }
            settle();
        }

        private void settle() {
            if (sets.stream().allMatch(this::hasEnough)) {
                write.durable().complete(null);
            } else if (isHopeless()) {
                write.durable().completeExceptionally(tooFew());
            }
            if (open == 0) {
                write.finished().complete(null);
            }
        }

        private UnavailableException tooFew() {
            String stored = "chunk " + chunk + ": " + write.acked().size() + " copies stored, ";
            Set<NodeId> silent = new TreeSet<>(failed.keySet());
            silent.removeAll(full);
            return isHopeless(silent)
                    ? new UnavailableException(stored + "too few owners answer: " + failed)
                    : UnavailableException.noSpace(
                            stored + "too few owners have room: " + failed + "; delete files, or add disks or nodes",
                            null);
        }

        private boolean hasEnough(List<NodeId> owners) {
            return owners.stream().filter(write.acked()::contains).count() >= needed(owners);
        }

        private boolean isHopeless() {
            return isHopeless(failed.keySet());
        }

        private boolean isHopeless(Set<NodeId> without) {
            return sets.stream()
                    .anyMatch(owners -> owners.size()
                                    - owners.stream().filter(without::contains).count()
                            < needed(owners));
        }

        private int needed(List<NodeId> owners) {
            return all ? owners.size() : Ring.majority(owners.size());
        }
    }
}
