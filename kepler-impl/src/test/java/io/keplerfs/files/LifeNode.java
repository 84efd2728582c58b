package io.keplerfs.files;

import static org.mockito.Mockito.mock;

import io.keplerfs.Bucket;
import io.keplerfs.ClusterRepair;
import io.keplerfs.ClusterViews;
import io.keplerfs.memory.MemoryStore;
import io.keplerfs.register.AcceptorService;
import io.keplerfs.register.HybridClock;
import io.keplerfs.register.Registers;
import io.keplerfs.register.Tombstones;
import io.keplerfs.repair.AntiEntropy;
import io.keplerfs.repair.Explain;
import io.keplerfs.repair.Holdings;
import io.keplerfs.repair.LifeTimes;
import io.keplerfs.repair.ManifestAudit;
import io.keplerfs.repair.PlantedCollector;
import io.keplerfs.repair.Rebalance;
import io.keplerfs.repair.ReferenceSync;
import io.keplerfs.replication.Bandwidth;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.replication.ChunkOwner;
import io.keplerfs.replication.ChunkWriter;
import io.keplerfs.replication.ReplicationQueue;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.sim.SimLoop;
import io.keplerfs.sim.SimNetwork;
import io.keplerfs.sim.SimProcess;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Founding;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.Sync;
import io.keplerfs.view.ViewMember;
import io.keplerfs.view.ViewProposer;
import io.keplerfs.view.Views;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** A whole node but its sockets, its disk and its gateway, under virtual time, through all its lives: only its store stays. */
final class LifeNode {
    static final int CHUNK = 100;
    static final String COMMITS_WHENEVER = "COMMITS_WHENEVER";

    /** What all nodes of a run share. */
    record World(
            SimLoop loop,
            SimNetwork network,
            LifeTimes ages,
            Supplier<List<MemberInfo>> members,
            String fault,
            UnaryOperator<Store> disk) {}

    private final World world;
    private final MemberInfo info;
    private final long skewMillis;
    private final Store store;
    private boolean direct = true;
    /** How long every read of a caller's stream takes. */
    Duration readDelay = Duration.ZERO;

    SimProcess process;
    Views views;
    Founding founding;
    Rpc rpc;
    Tombstones tombstones;
    EmbeddedCluster cluster;
    AntiEntropy antiEntropy;
    Node parts;
    ManifestAudit audit;

    LifeNode(World world, MemberInfo info, boolean founds, long skewMillis) {
        this.world = world;
        this.info = info;
        this.skewMillis = skewMillis;
        Executor work = task -> {
            if (direct) {
                task.run();
            } else {
                world.loop().after(Duration.ofNanos(50_000), task);
            }
        };
        this.process = new SimProcess(world.loop(), skewMillis);
        this.store = world.disk().apply(new MemoryStore(info.id(), work, () -> process.wallMillis()));
        boot(founds);
    }

    /** The planted mistake of a coordinator that does not keep to its uploads' ballots; the first node only. */
    private boolean commitsWhenever() {
        return world.fault().equals(COMMITS_WHENEVER);
    }

    private void boot(boolean founds) {
        boolean commitsWhenever = commitsWhenever() && info.label().equals("n1");
        direct = true;
        process = new SimProcess(world.loop(), skewMillis);
        rpc = world.network().attach(info.id(), process);
        views = new Views(process, rpc, store);
        views.load();
        ReplicationQueue queue = new ReplicationQueue(
                process,
                rpc,
                store,
                () -> views.ownership().map(Ownership::everybody).orElse(Set.of()));
        Replaced replaced = new Replaced(rpc, views, queue);
        new AcceptorService(rpc, store, views, process::wallMillis, replaced).start();
        tombstones = new Tombstones(process, rpc, store, views, views);
        tombstones.start();
        Sync sync = new Sync(process, rpc, store, views);
        Bandwidth bandwidth = new Bandwidth(process, 1 << 30);
        ChunkDelivery delivery = new ChunkDelivery(process, rpc, store, queue, views, bandwidth);
        Rebalance rebalance = new Rebalance(process, rpc, store, views, delivery);
        String planted = commitsWhenever() ? "NONE" : world.fault();
        ReferenceSync references = PlantedCollector.references(process, rpc, store, views, planted);
        Holdings holdings = PlantedCollector.holdings(rpc, store, references);
        Explain explain = new Explain(views, holdings, world.ages());
        Founding.Seeds seeds =
                new Founding.Seeds(founds ? List.of() : List.of("seed:1"), Founding.Seeds.NOT_AMONG_THEM);
        founding = new Founding(process, store, views, ViewMember.of(info), 3, seeds, () -> {});
        direct = false;
        HybridClock.open(process, store, info.id()).thenAccept(clock -> {
            Registers registers = new Registers(process, rpc, clock, views);
            ViewProposer proposer =
                    new ViewProposer(process, rpc, views, registers, world.members(), Duration.ofMinutes(10));
            parts = new Node(
                    process,
                    rpc,
                    store,
                    views,
                    registers,
                    new ChunkWriter(process, rpc, bandwidth),
                    delivery,
                    queue,
                    new Node.Workers(process::execute, read -> process.schedule(readDelay, read)),
                    new Node.Limits(
                            CHUNK,
                            10,
                            new Buffers(CHUNK, 64),
                            new ReadWindow(64),
                            commitsWhenever
                                    ? Duration.ofDays(10_000)
                                    : world.ages().upload(),
                            Duration.ofDays(7),
                            LifeCluster.DAY),
                    new OpenCalls(info.label()));
            cluster = new EmbeddedCluster(
                    parts, clock, replaced, explain, nobody(), mock(ClusterViews.class), mock(ClusterRepair.class));
            new ChunkOwner(rpc, store, Transport.MAX_BODY_BYTES, cluster.retained());
            audit = new ManifestAudit(
                    process,
                    rpc,
                    store,
                    views,
                    delivery,
                    cluster.needs(),
                    world.ages(),
                    queue::waiting,
                    references::completeEpoch);
            founding.start();
            views.start();
            sync.resume();
            proposer.start();
            queue.start();
            rebalance.start();
            cluster.start();
            process.execute(audit::start);
            antiEntropy = new AntiEntropy(process, rpc, store, views, registers, references, delivery);
            if (world.fault().equals("NONE")) {
                // It would mend what a planted mistake breaks.
                antiEntropy.start();
            }
            PlantedCollector.start(
                    process,
                    rpc,
                    store,
                    views,
                    delivery,
                    cluster.claims(),
                    references,
                    holdings,
                    world.ages(),
                    planted);
        });
    }

    /** Status is not asked for here, and nobody listens to events. */
    private static ClusterWatch nobody() {
        return (ClusterWatch) Proxy.newProxyInstance(
                ClusterWatch.class.getClassLoader(), new Class<?>[] {ClusterWatch.class}, (self, method, arguments) -> {
                    if (method.getName().equals("emit")) {
                        return null;
                    }
                    throw new UnsupportedOperationException(method.getName());
                });
    }

    void crash() {
        process.kill();
    }

    void restart() {
        boot(false);
    }

    boolean isUp() {
        return !process.isDead();
    }

    NodeId id() {
        return info.id();
    }

    MemberInfo info() {
        return info;
    }

    Store store() {
        return store;
    }

    Bucket bucket() {
        return cluster.bucket(LifeCluster.BUCKET);
    }
}
