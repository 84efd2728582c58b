package io.keplerfs.sim;

import io.keplerfs.register.AcceptorService;
import io.keplerfs.register.Configuration;
import io.keplerfs.register.Configurations;
import io.keplerfs.register.HybridClock;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.register.Registers;
import io.keplerfs.repair.Drain;
import io.keplerfs.replication.Bandwidth;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.replication.ReplicationQueue;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Founding;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.PlantedViews;
import io.keplerfs.view.Sync;
import io.keplerfs.view.ViewMember;
import io.keplerfs.view.ViewOperator;
import io.keplerfs.view.ViewProposer;
import io.keplerfs.view.Views;
import io.keplerfs.wire.WireWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One node of the view simulation, put together as a real one is, through all its lives: only its disk stays. */
final class ViewNode implements SimHost {
    /** Deliberate mistakes around the production code, to see that the simulator finds them. */
    enum Slip {
        NONE,
        /** While both views count, a majority of the old owners is thought to be enough. */
        OLD_MAJORITY_ONLY,
        /** An old owner has nothing to hand over. */
        NOTHING_SYNCED,
        /** A drained member is removed without a look at who has its copies. */
        DRAINS_UNSEEN,
        // Those of the production code's own enum Fault in the package view:
        MERGES_FROM_ONE,
        SERVES_BEFORE_ENTERING,
        SETTLES_AT_ONCE,
        EVICTS_BELOW_N,
        MINORITY_DECIDES,
        FORCES_WITHOUT_BRIDGE;

        String fault() {
            return compareTo(DRAINS_UNSEEN) <= 0 ? "NONE" : name();
        }
    }

    /** What all nodes of a run share. */
    interface World {
        SimLoop loop();

        SimNetwork network();

        Slip slip();

        Duration evictAfter();

        /** What the membership tells this node. */
        List<MemberInfo> membersAsSeenBy(ViewNode node);

        /** A life has begun with this knowledge, or has made it durable. */
        void knows(ViewNode node, Ownership ownership);

        /** Whether clients may begin: everybody is in one cluster. */
        boolean isOpen();
    }

    private final World world;
    private MemberInfo info;
    private final long skewMillis;
    private final boolean founds;
    private SimStore store;
    private SimProcess process;
    private @Nullable Views views;
    private @Nullable Founding founding;
    private @Nullable Registers registers;
    private @Nullable ViewOperator operator;
    private int lives;

    /** @param founds whether it founds a cluster of its own when it has none; other nodes wait until they meet one */
    ViewNode(World world, MemberInfo info, long skewMillis, boolean founds, SimStore store) {
        this.world = world;
        this.info = info;
        this.skewMillis = skewMillis;
        this.founds = founds;
        this.store = store;
        this.process = new SimProcess(world.loop(), skewMillis);
        process.kill();
    }

    void start() {
        if (!process.isDead()) {
            return;
        }
        lives++;
        world.loop().note("start " + info.label());
        SimProcess life = new SimProcess(world.loop(), skewMillis);
        process = life;
        Rpc rpc = world.network().attach(info.id(), life);
        String fault = world.slip().fault();
        Views own = PlantedViews.views(life, rpc, store, fault);
        store.whileStarting(own::load);
        own.ownership().ifPresent(known -> world.knows(this, known));
        own.onChange(known -> world.knows(this, known));
        views = own;
        new AcceptorService(rpc, store, own, life::wallMillis).start();
        Sync sync = PlantedViews.sync(
                life, world.slip() == Slip.NOTHING_SYNCED ? new MeanRpc(rpc) : rpc, store, own, fault);
        Founding.Seeds seeds =
                new Founding.Seeds(founds ? List.of() : List.of("seed:1"), Founding.Seeds.NOT_AMONG_THEM);
        Founding first =
                new Founding(life, store, own, ViewMember.of(info), ViewSimulation.REPLICATION, seeds, () -> {});
        founding = first;
        HybridClock.open(life, store, info.id()).thenAccept(clock -> {
            Registers made = new Registers(life, rpc, clock, configurations(own));
            registers = made;
            ViewProposer proposer = PlantedViews.proposer(
                    life, rpc, own, made, () -> world.membersAsSeenBy(this), world.evictAfter(), fault);
            ViewOperator asked = new ViewOperator(life, rpc, own, proposer, () -> world.membersAsSeenBy(this));
            operator = asked;
            first.start();
            own.start();
            sync.resume();
            proposer.start();
            drain(life, rpc, own, made, asked);
        });
    }

    @Override
    public long wallMillis() {
        return process.wallMillis();
    }

    private void drain(SimProcess life, Rpc rpc, Views own, Registers made, ViewOperator asked) {
        if (world.slip() == Slip.DRAINS_UNSEEN) {
            own.onChange(known -> {
                if (known.next().isEmpty()) {
                    asked.removeDrained(id(), known.current());
                }
            });
            return;
        }
        ReplicationQueue noChunks = new ReplicationQueue(life, rpc, store, Set::of);
        new Drain(
                        life,
                        rpc,
                        store,
                        own,
                        made,
                        new ChunkDelivery(life, rpc, store, noChunks, own, new Bandwidth(life, 1 << 20)),
                        asked)
                .start();
    }

    private Configurations configurations(Views own) {
        return world.slip() == Slip.OLD_MAJORITY_ONLY ? new OldOnly(own) : own;
    }

    void crash() {
        if (!process.isDead()) {
            world.loop().note("crash " + info.label());
            process.kill();
            registers = null;
            views = null;
            founding = null;
            operator = null;
            store = store.crash();
        }
    }

    /** The membership of this node has found that one. */
    void meets(ViewNode other) {
        if (founding != null && other.founding != null) {
            founding.met(other.info, other.founding.card());
        }
    }

    MemberInfo info() {
        return info;
    }

    /** It is restarted with other settings; here without the restart. */
    void becomes(MemberInfo other) {
        info = other;
    }

    /** Null while the node is down or starting. */
    @Nullable
    ViewOperator operator() {
        return operator;
    }

    /** The ballot under which it has accepted what it has on its disk. */
    Ballot accepted(RegisterKey key) {
        return store.onDisk(key).accepted();
    }

    /** The text it has accepted and has on its disk. */
    String text(RegisterKey key) {
        return new String(RegisterValue.decode(store.onDisk(key).value()).payload(), StandardCharsets.UTF_8);
    }

    @Nullable
    Views views() {
        return views;
    }

    @Nullable
    Ownership ownership() {
        return views == null ? null : views.ownership().orElse(null);
    }

    boolean founds() {
        return founds;
    }

    boolean hasBeenStarted() {
        return lives > 0;
    }

    @Override
    public NodeId id() {
        return info.id();
    }

    @Override
    public int lives() {
        return lives;
    }

    @Override
    public boolean isUp() {
        return !process.isDead();
    }

    @Override
    public @Nullable Registers registers() {
        return world.isOpen() ? registers : null;
    }

    private record OldOnly(Views views) implements Configurations {
        @Override
        public Configuration of(RegisterKey key) {
            Configuration whole = views.of(key);
            return new Configuration(
                    whole.stage(), whole.ownerSets().stream().limit(1).toList());
        }

        @Override
        public void peerIsAhead(NodeId peer, long stage) {
            views.peerIsAhead(peer, stage);
        }

        @Override
        public void peerIsBehind(NodeId peer, long stage) {
            views.peerIsBehind(peer, stage);
        }
    }

    private record MeanRpc(Rpc rpc) implements Rpc {
        @Override
        public NodeId self() {
            return rpc.self();
        }

        @Override
        public void serve(Kind kind, Server server) {
            WireWriter nothing = new WireWriter()
                    .u8(0)
                    .list(List.<NodeId>of(), WireWriter::node)
                    .bool(false);
            rpc.serve(kind, (from, head, body, responder) -> responder.respond(Message.of(nothing.toBuffer())));
        }

        @Override
        public CompletableFuture<Message> call(NodeId to, Lane lane, Message request, Duration timeout) {
            return rpc.call(to, lane, request, timeout);
        }

        @Override
        public boolean reachable(NodeId node) {
            return rpc.reachable(node);
        }
    }
}
