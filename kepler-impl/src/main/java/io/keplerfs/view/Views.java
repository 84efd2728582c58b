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
import java.util.Optional;
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
    private final List<Consumer<Ownership>> listeners = new ArrayList<>();
    private final Set<NodeId> exchanging = new HashSet<>();
    /** Peers for whom there was news while an exchange with them was under way. */
    private final Set<NodeId> askAgain = new HashSet<>();

    /** Newest knowledge, perhaps not yet durable. */
    private @Nullable Ownership newest;
    /** Newest durable knowledge; written on the loop, read anywhere. */
    private volatile @Nullable Ownership applied;
    /** Written only inside transactions of the store. */
    private volatile long durableStage;

    private volatile @Nullable UUID clusterId;
    private volatile CompletableFuture<Ownership> known = new CompletableFuture<>();

    public Views(Loop loop, Rpc rpc, Store store) {
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

    /** Newest durable knowledge; empty before this node has heard of any view. Any thread. */
    public Optional<Ownership> ownership() {
        return Optional.ofNullable(applied);
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
        Ownership merged = newest == null ? offered : newest.merge(offered);
        if (merged.equals(newest)) {
            return;
        }
        newest = merged;
        loop.when(store.write(tables -> keep(tables, merged)), (kept, failure) -> {
            if (failure != null) {
                log.error("cannot store {}, stage {}: {}", merged.newest(), merged.stage(), failure.toString());
                // What was not stored counts as not heard: the next peer may tell it again.
                newest = applied;
            } else {
                apply(merged);
            }
        });
    }

    private boolean keep(Store.Transaction tables, Ownership ownership) {
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
        applied = ownership;
        known.complete(ownership);
        if (before == null || before.stage() != ownership.stage()) {
            log.info(
                    "stage {}: {}{}",
                    ownership.stage(),
                    ownership.current(),
                    ownership.next().map(view -> ", ownership moves to " + view).orElse(" stands alone"));
        }
        listeners.forEach(listener -> listener.accept(ownership));
        for (NodeId node : ownership.everybody()) {
            if (!node.equals(rpc.self())) {
                exchange(node);
            }
        }
    }

    /** Tells a peer what this node knows, and learns what the peer knows. */
    void exchange(NodeId peer) {
        if (!exchanging.add(peer)) {
            askAgain.add(peer);
            return;
        }
        ByteBuffer offer = encode(new WireWriter().u8(Kind.VIEW_OFFER.code())).toBuffer();
        loop.when(rpc.call(peer, Lane.CONTROL, Message.of(offer), EXCHANGE_TIMEOUT), (answer, failure) -> {
            exchanging.remove(peer);
            if (askAgain.remove(peer)) {
                exchange(peer);
            }
            if (answer != null) {
                decode(new WireReader(answer.head())).ifPresent(this::learn);
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
