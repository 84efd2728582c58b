package io.keplerfs.view;

import io.keplerfs.loop.Loop;
import io.keplerfs.register.Configuration;
import io.keplerfs.register.Configurations;
import io.keplerfs.register.StageGate;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this node knows of the history of views, durably, and how it spreads: owned by the loop.
 *
 * <p>Knowledge only grows ({@link Ownership#merge}), so it may be handed over in any order and as often as one likes. What is
 * announced to the rest of the node has been made durable first; {@link #stage} rises inside the very transaction that stores
 * it, which is what makes "an owner that entered a transition refuses messages of the view before" exact.
 *
 * <pre>
 * offer and answer:  u8 kind (offer only) | uuid cluster id | bool known | [ ownership ]
 * </pre>
 */
public final class Views implements Configurations, StageGate {
    /** The ring picks at most so many voters for the next view: enough to lose three, few enough to ask. */
    static final int MOST_VOTERS = 7;

    private static final Configuration NOT_KNOWN = new Configuration(0, List.of());
    private static final String OWNERSHIP = "ownership";
    private static final String CLUSTER = "cluster";
    private static final Duration COMPARE_EVERY = Duration.ofSeconds(1);
    private static final Duration EXCHANGE_TIMEOUT = Duration.ofSeconds(2);
    private static final Logger log = LoggerFactory.getLogger(Views.class);

    private final Loop loop;
    private final Rpc rpc;
    private final Store store;
    private final Fault fault;
    private final List<Consumer<Ownership>> listeners = new ArrayList<>();
    private final Set<NodeId> exchanging = new HashSet<>();
    /** Peers for whom there was news while an exchange with them was under way. */
    private final Set<NodeId> askAgain = new HashSet<>();

    /** Newest knowledge, perhaps not yet durable. */
    private @Nullable Ownership newest;
    /** The stage that could not be stored last, 0 if the last one was: peers repeat it with every gossip. */
    private long unstoredStage;
    /** Newest durable knowledge; written on the loop, read anywhere. */
    private volatile @Nullable Ownership applied;
    /** Written only inside transactions of the store. */
    private volatile long durableStage;
    /** When this node saw the standing view stand alone; written on the loop. */
    private volatile long standingSinceNanos;

    private volatile @Nullable UUID clusterId;
    private volatile CompletableFuture<Ownership> known = new CompletableFuture<>();

    public Views(Loop loop, Rpc rpc, Store store) {
        this(loop, rpc, store, Fault.NONE);
    }

    Views(Loop loop, Rpc rpc, Store store, Fault fault) {
        this.fault = fault;
        this.loop = loop;
        this.rpc = rpc;
        this.store = store;
        rpc.serve(Kind.VIEW_OFFER, this::answerOffer);
    }

    /** Reads what an earlier run knew; call once, before any message arrives, from any thread but the loop. */
    public void load() {
        Optional<byte[]> cluster = store.read(tables -> tables.setting(CLUSTER)).join();
        cluster.ifPresent(bytes -> clusterId = new WireReader(bytes).uuid());
        Optional<byte[]> known = store.read(tables -> tables.setting(OWNERSHIP)).join();
        known.filter(bytes -> bytes.length > 0).ifPresent(bytes -> {
            Ownership ownership = Ownership.read(new WireReader(bytes));
            newest = ownership;
            applied = ownership;
            durableStage = ownership.stage();
            standingSinceNanos = loop.nanoTime();
            this.known.complete(ownership);
        });
    }

    /** Begins to compare with one member after the other, for news that was lost on its way. On the loop, once. */
    public void start() {
        Ownership now = applied;
        if (now != null) {
            List<NodeId> others = now.everybody().stream()
                    .filter(node -> !node.equals(rpc.self()) && rpc.reachable(node))
                    .toList();
            if (!others.isEmpty()) {
                exchange(others.get(loop.random().nextInt(others.size())));
            }
        }
        loop.schedule(COMPARE_EVERY, this::start);
    }

    /** Hears every durable change, on the loop. */
    public void onChange(Consumer<Ownership> listener) {
        listeners.add(listener);
    }

    /** The epoch in which the membership began that this node's store was last used in; 0 if it has never been a member. */
    public static long memberSince(Store.Snapshot tables) {
        return StaleRows.memberSince(tables).orElse(0L);
    }

    /** Newest durable knowledge; empty before this node has heard of any view. Any thread. */
    public Optional<Ownership> ownership() {
        return Optional.ofNullable(applied);
    }

    /**
     * Whether a transition gives the partition other owners now, or there is no view: old copies are needed as long as it does.
     * Any thread.
     */
    public boolean isMoving(int partition) {
        Ownership now = applied;
        return now == null || now.changes(partition);
    }

    /**
     * Views up to this epoch are retired: the one after it stands alone, and no work begun in them can complete any more. 0
     * before there is a view. Any thread.
     */
    public long retiredEpoch() {
        Ownership now = applied;
        return now == null ? 0 : now.current().epoch() - 1;
    }

    /**
     * Since when the present view stands alone, as far as this node knows, on {@link Loop#nanoTime}: not before the start of
     * this run. Empty while ownership moves, and before there is a view. Any thread.
     */
    public OptionalLong standingSinceNanos() {
        Ownership now = applied;
        return now == null || now.next().isPresent() ? OptionalLong.empty() : OptionalLong.of(standingSinceNanos);
    }

    /**
     * Whether every member of the view, which stands alone, is known to have entered it: no member is left that could become an
     * owner again with rows of an earlier ownership. What a node that is no member keeps is set aside when it becomes one. Any
     * thread.
     */
    public boolean everybodyHasEntered() {
        Ownership now = applied;
        return now != null && now.everybodyEntered();
    }

    /** Newest knowledge, perhaps not yet durable. On the loop. */
    Optional<Ownership> newest() {
        return Optional.ofNullable(newest);
    }

    /** Done as soon as this node has heard of a view. Any thread. */
    public CompletableFuture<Ownership> known() {
        return known;
    }

    /** The cluster this node is in or wants to be in; empty if none. Any thread. */
    public Optional<UUID> clusterId() {
        return Optional.ofNullable(clusterId);
    }

    @Override
    public long stage(Store.Snapshot tables) {
        return durableStage;
    }

    @Override
    public Configuration of(RegisterKey key) {
        Ownership now = applied;
        if (now == null) {
            return NOT_KNOWN;
        }
        if (key.bucket().equals(VIEW_BUCKET)) {
            boolean decidable = key.key().equals(Long.toString(now.current().epoch() + 1));
            return decidable
                    ? new Configuration(
                            now.stage(), List.of(now.current().ring().voters(MOST_VOTERS)))
                    : NOT_KNOWN;
        }
        int partition = now.current().ring().partitionOf(key.bucket(), key.shard());
        return new Configuration(now.stage(), now.ownerSets(partition));
    }

    /** Any thread. */
    @Override
    public void peerIsAhead(NodeId peer, long stage) {
        loop.execute(() -> exchange(peer));
    }

    @Override
    public void peerIsBehind(NodeId peer, long stage) {
        exchange(peer);
    }

    /** Founds a cluster of this node alone. On the loop; the node must have no view. */
    void found(UUID newClusterId, ViewMember self, int replication) {
        clusterId = newClusterId;
        learn(Ownership.settled(new View(newClusterId, replication, 1, List.of(self))));
    }

    /**
     * Wants to be a member of this cluster from now on, and forgets the view of an empty one-node cluster if it has one. On the
     * loop.
     *
     * @param done told on the loop whether it happened; false if data has appeared here meanwhile
     */
    void dissolveInto(UUID otherCluster, Consumer<Boolean> done) {
        loop.when(store.write(tables -> dissolve(tables, otherCluster)), (happened, failure) -> {
            if (Boolean.TRUE.equals(happened)) {
                newest = null;
                applied = null;
                known = new CompletableFuture<>();
                clusterId = otherCluster;
            }
            done.accept(Boolean.TRUE.equals(happened));
        });
    }

    private boolean dissolve(Store.Transaction tables, UUID otherCluster) {
        if (!tables.hasNoRegisters()) {
            return false;
        }
        durableStage = 0;
        tables.putSetting(OWNERSHIP, new byte[0]);
        tables.putSetting(CLUSTER, new WireWriter().uuid(otherCluster).toBytes());
        return true;
    }

    /** Takes in what somebody else knows. On the loop. */
    void learn(Ownership offered) {
        if (!offered.current().clusterId().equals(clusterId)) {
            return;
        }
        Ownership both = newest == null ? offered : newest.merge(offered);
        Ownership merged = fault == Fault.SETTLES_AT_ONCE ? Ownership.settled(both.newest()) : both;
        if (merged.equals(newest)) {
            return;
        }
        if (newest != null && merged.stage() < newest.stage()) {
            log.error(
                    "this node is at {} of a history that the operator has ended, the others at {}: it cannot follow. "
                            + "Stop it and start it with an empty data directory",
                    newest.newest(),
                    merged.newest());
            return;
        }
        newest = merged;
        loop.when(store.write(tables -> keep(tables, merged)), (kept, failure) -> {
            if (failure != null) {
                reportUnstored(merged, failure);
                // What was not stored counts as not heard: the next peer may tell it again.
                newest = applied;
            } else {
                unstoredStage = 0;
                apply(merged);
            }
        });
    }

    private void reportUnstored(Ownership ownership, Throwable failure) {
        if (unstoredStage != ownership.stage()) {
            log.error("cannot store {}, stage {}: {}", ownership.newest(), ownership.stage(), failure.toString());
        }
        unstoredStage = ownership.stage();
    }

    private boolean keep(Store.Transaction tables, Ownership ownership) {
        Optional<Ownership> before = tables.setting(OWNERSHIP)
                .filter(bytes -> bytes.length > 0)
                .map(bytes -> Ownership.read(new WireReader(bytes)));
        StaleRows.setAside(tables, rpc.self(), before, ownership);
        WireWriter out = new WireWriter();
        ownership.write(out);
        tables.putSetting(OWNERSHIP, out.toBytes());
        // With the view or not at all: a founder that knew its cluster alone would wait for ever for somebody's view.
        tables.putSetting(
                CLUSTER, new WireWriter().uuid(ownership.current().clusterId()).toBytes());
        durableStage = ownership.stage();
        return true;
    }

    private void apply(Ownership ownership) {
        Ownership before = applied;
        if (!ownership.current().clusterId().equals(clusterId)) {
            return;
        }
        boolean another = before == null || before.stage() != ownership.stage();
        if (another) {
            standingSinceNanos = loop.nanoTime();
        }
        applied = ownership;
        known.complete(ownership);
        if (another) {
            report(before, ownership);
        }
        listeners.forEach(listener -> listener.accept(ownership));
        if (another || ownership.next().isPresent()) {
            ownership.everybody().stream()
                    .filter(node -> !node.equals(rpc.self()))
                    .forEach(this::exchange);
        }
        noteEntered(ownership);
    }

    /** That this node has entered a standing view may spread slowly: only the cleaning of old rows waits for it. */
    private void noteEntered(Ownership ownership) {
        boolean mine = ownership.next().isEmpty() && ownership.current().has(rpc.self());
        if (mine && !ownership.synced().contains(rpc.self())) {
            learn(ownership.withSynced(rpc.self()));
        }
    }

    private void report(@Nullable Ownership before, Ownership now) {
        log.info(
                "stage {}: {}{}",
                now.stage(),
                now.current(),
                now.next().map(view -> ", ownership moves to " + view).orElse(" stands alone"));
        if (before != null && before.lineage() != now.lineage()) {
            log.warn(
                    "the operator has forced {} because a majority was lost: what only the lost nodes had is gone{}",
                    now.newest(),
                    now.newest().has(rpc.self())
                            ? ""
                            : "; this node is not among the survivors, so its registers are set aside if it joins again");
        }
    }

    /**
     * Begins a new history with these members, see {@link Ownership#forced}. On the loop; every survivor's knowledge must have
     * been learnt before.
     */
    void force(List<ViewMember> survivors) {
        Ownership forced = Objects.requireNonNull(newest, "no view to force").forced(survivors);
        learn(fault == Fault.FORCES_WITHOUT_BRIDGE ? Ownership.settled(forced.newest()) : forced);
    }

    /** Learns what a peer knows. On the loop; done there, and failed if the peer does not answer. */
    CompletableFuture<Void> ask(NodeId peer) {
        CompletableFuture<Void> learnt = new CompletableFuture<>();
        loop.when(rpc.call(peer, Lane.CONTROL, offer(), EXCHANGE_TIMEOUT), (answer, failure) -> {
            if (answer == null) {
                learnt.completeExceptionally(Objects.requireNonNullElseGet(failure, IllegalStateException::new));
            } else {
                decode(new WireReader(answer.head())).ifPresent(this::learn);
                learnt.complete(null);
            }
        });
        return learnt;
    }

    private Message offer() {
        return Message.of(encode(new WireWriter().u8(Kind.VIEW_OFFER.code())).toBuffer());
    }

    /** Tells a peer what this node knows, and learns what the peer knows. */
    void exchange(NodeId peer) {
        if (!exchanging.add(peer)) {
            askAgain.add(peer);
            return;
        }
        loop.when(ask(peer), (learnt, failure) -> {
            exchanging.remove(peer);
            if (askAgain.remove(peer)) {
                exchange(peer);
            }
        });
    }

    private void answerOffer(NodeId from, WireReader head, ByteBuffer body, Transport.Responder responder) {
        Optional<Ownership> offered = decode(head);
        loop.execute(() -> {
            offered.ifPresent(this::learn);
            responder.respond(Message.of(encode(new WireWriter()).toBuffer()));
        });
    }

    private WireWriter encode(WireWriter out) {
        UUID id = clusterId;
        Ownership now = applied;
        out.uuid(id == null ? new UUID(0, 0) : id).bool(now != null);
        if (now != null) {
            now.write(out);
        }
        return out;
    }

    private static Optional<Ownership> decode(WireReader in) {
        in.uuid();
        return in.bool() ? Optional.of(Ownership.read(in)) : Optional.empty();
    }
}
