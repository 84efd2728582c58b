package io.keplerfs.repair;

import io.keplerfs.RepairWork;
import io.keplerfs.loop.Loop;
import io.keplerfs.register.Registers;
import io.keplerfs.register.StageGate;
import io.keplerfs.repair.Mending.Mended;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.ring.Ring;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Store;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.Views;
import java.time.Duration;
import java.time.Instant;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares what this node keeps with every other owner of the same partitions, one after the other, and takes over what it
 * lacks: each about every {@link #PERIOD}, and at once when an owner can be reached again. So the replication queue is a hint:
 * whatever it loses is found here. Nothing is compared while ownership moves. Owned by the loop.
 */
public final class AntiEntropy implements LongWork {
    static final Duration PERIOD = Duration.ofMinutes(10);
    /** After news, so that not everybody asks in the same moment. */
    private static final Duration SPREAD = Duration.ofSeconds(3);
    /** After a comparison that was cut short, or left something for later. */
    private static final Duration SOON = Duration.ofMinutes(1);

    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final Logger log = LoggerFactory.getLogger(AntiEntropy.class);

    private final Loop loop;
    private final Rpc rpc;
    private final Store store;
    private final Supplier<Optional<Ownership>> ownership;
    private final Mending mending;
    private final LongSupplier referencesEpoch;
    private final Map<NodeId, Peer> peers = new TreeMap<>();
    private long peersStage;
    private @Nullable Comparison running;
    private boolean paused;

    private final Set<NodeId> roundDone = new HashSet<>();
    private long roundBytes;
    private long roundMissing;
    private Optional<Instant> lastFinished = Optional.empty();

    /** One co-owner. */
    private static final class Peer {
        final NodeId id;
        final BitSet shared;
        long dueNanos;
        boolean reachable;
        boolean hurried;

        Peer(NodeId id, BitSet shared) {
            this.id = id;
            this.shared = shared;
        }
    }

    public AntiEntropy(
            Loop loop,
            Rpc rpc,
            Store store,
            Views views,
            Registers registers,
            ReferenceSync references,
            ChunkDelivery delivery) {
        this(
                loop,
                rpc,
                store,
                views::ownership,
                views,
                registers,
                references::completeEpoch,
                (chunk, pin) ->
                        delivery.debts(chunk, pin, List.of(rpc.self()), Priority.UNDER_REPLICATED, "anti-entropy"));
    }

    AntiEntropy(
            Loop loop,
            Rpc rpc,
            Store store,
            Supplier<Optional<Ownership>> ownership,
            StageGate gate,
            Registers registers,
            LongSupplier referencesEpoch,
            Mending.Debts debts) {
        this.loop = loop;
        this.rpc = rpc;
        this.store = store;
        this.ownership = ownership;
        this.referencesEpoch = referencesEpoch;
        this.mending = new Mending(loop, store, registers, gate, debts);
        new DigestOwner(rpc, store, ownership, gate, loop::wallMillis);
    }

    /** Begins to compare. On the loop, once. */
    public void start() {
        look();
        loop.schedule(LOOK, this::start);
    }

    private void look() {
        Ownership now = ownership.get().orElse(null);
        if (now == null || now.next().isPresent()) {
            return;
        }
        meetPeers(now);
        peers.values().forEach(this::noteReachable);
        if (running == null && !paused) {
            peers.values().stream()
                    .filter(peer -> peer.reachable && peer.dueNanos - loop.nanoTime() <= 0)
                    .min(Comparator.comparingLong(peer -> peer.dueNanos - loop.nanoTime()))
                    .ifPresent(peer -> compare(now, peer));
        }
    }

    /** Who shares which partitions, whenever that has changed. */
    private void meetPeers(Ownership now) {
        if (now.stage() == peersStage) {
            return;
        }
        peersStage = now.stage();
        peers.clear();
        roundDone.clear();
        Ring ring = now.current().ring();
        for (int partition = 0; partition < ring.partitions(); partition++) {
            List<NodeId> owners = ring.owners(partition);
            if (owners.contains(rpc.self())) {
                for (NodeId owner : owners) {
                    if (!owner.equals(rpc.self())) {
                        peers.computeIfAbsent(owner, id -> new Peer(id, new BitSet()))
                                .shared
                                .set(partition);
                    }
                }
            }
        }
        peers.values().forEach(peer -> peer.dueNanos = loop.nanoTime() + spread());
    }

    private long spread() {
        return loop.random().nextLong(SPREAD.toNanos());
    }

    private void noteReachable(Peer peer) {
        boolean reachable = rpc.reachable(peer.id);
        if (reachable && !peer.reachable) {
            peer.dueNanos = loop.nanoTime() + spread();
        }
        peer.reachable = reachable;
    }

    private void compare(Ownership now, Peer peer) {
        long stage = now.stage();
        Comparison comparison = new Comparison(
                loop,
                store,
                new DigestCalls(rpc, peer.id, stage),
                mending,
                new Comparison.Scope(
                        stage,
                        peer.shared::get,
                        referencesEpoch.getAsLong() == now.current().epoch(),
                        () -> !paused && isIn(stage)));
        running = comparison;
        loop.when(comparison.run(), (done, failure) -> {
            running = null;
            end(peer, comparison, failure);
        });
    }

    private boolean isIn(long stage) {
        return ownership.get().filter(now -> now.stage() == stage).isPresent();
    }

    private void end(Peer peer, Comparison comparison, @Nullable Throwable failure) {
        Mended mended = comparison.mended();
        roundBytes += comparison.bytes();
        roundMissing += comparison.missing();
        if (mended.mended() > 0) {
            log.info("took over {} registers and chunks that {} had and this node lacked", mended.mended(), peer.id);
        }
        if (failure != null) {
            log.debug("comparison with {} was cut short and is tried again: {}", peer.id, failure.toString());
        }
        boolean soon = failure != null || (mended.later() > 0 && (mended.mended() > 0 || !peer.hurried));
        peer.hurried = soon;
        long pause = soon
                ? SOON.toNanos()
                : PERIOD.toNanos() * 9 / 10 + loop.random().nextLong(PERIOD.toNanos() / 5);
        peer.dueNanos = loop.nanoTime() + pause;
        if (failure == null) {
            roundDone.add(peer.id);
            endRound();
        }
    }

    private void endRound() {
        boolean over = peers.values().stream().allMatch(peer -> !peer.reachable || roundDone.contains(peer.id));
        if (over) {
            lastFinished = Optional.of(Instant.ofEpochMilli(loop.wallMillis()));
            roundDone.clear();
            roundBytes = 0;
            roundMissing = 0;
        }
    }

    /** Units are partitions, of each co-owner anew; bytes are those of questions and answers. */
    @Override
    public RepairWork progress() {
        Comparison now = running;
        long total = peers.values().stream()
                .mapToLong(peer -> peer.shared.cardinality())
                .sum();
        long done = peers.values().stream()
                .filter(peer -> roundDone.contains(peer.id))
                .mapToLong(peer -> peer.shared.cardinality())
                .sum();
        long bytes = roundBytes + (now == null ? 0 : now.bytes());
        RepairWork.State state =
                paused ? RepairWork.State.PAUSED : now == null ? RepairWork.State.WAITING : RepairWork.State.RUNNING;
        return new RepairWork(
                "anti-entropy",
                state,
                done,
                total,
                bytes,
                bytes,
                0,
                roundMissing + (now == null ? 0 : now.missing()),
                lastFinished);
    }

    @Override
    public void startNow() {
        paused = false;
        peers.values().forEach(peer -> peer.dueNanos = loop.nanoTime());
        look();
    }

    @Override
    public void pause() {
        paused = true;
    }

    @Override
    public void resume() {
        paused = false;
        look();
    }
}
