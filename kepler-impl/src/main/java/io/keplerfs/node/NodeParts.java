package io.keplerfs.node;

import io.keplerfs.KeplerEvent;
import io.keplerfs.files.EmbeddedCluster;
import io.keplerfs.files.Node;
import io.keplerfs.files.OpenCalls;
import io.keplerfs.files.Replaced;
import io.keplerfs.listen.Listeners;
import io.keplerfs.loop.Loop;
import io.keplerfs.register.AcceptorService;
import io.keplerfs.register.HybridClock;
import io.keplerfs.register.Registers;
import io.keplerfs.register.Tombstones;
import io.keplerfs.repair.AntiEntropy;
import io.keplerfs.repair.AskedRepair;
import io.keplerfs.repair.Collector;
import io.keplerfs.repair.Drain;
import io.keplerfs.repair.Explain;
import io.keplerfs.repair.Holdings;
import io.keplerfs.repair.LifeTimes;
import io.keplerfs.repair.LongWork;
import io.keplerfs.repair.ManifestAudit;
import io.keplerfs.repair.QueueWork;
import io.keplerfs.repair.Rebalance;
import io.keplerfs.repair.ReferenceSync;
import io.keplerfs.repair.RepairDesk;
import io.keplerfs.repair.Scrub;
import io.keplerfs.repair.TombstoneSweep;
import io.keplerfs.replication.Bandwidth;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.replication.ChunkOwner;
import io.keplerfs.replication.ChunkWriter;
import io.keplerfs.replication.ReplicationQueue;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Membership;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport;
import io.keplerfs.values.Measure;
import io.keplerfs.view.Founding;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.Sync;
import io.keplerfs.view.ViewMember;
import io.keplerfs.view.ViewOperator;
import io.keplerfs.view.ViewProposer;
import io.keplerfs.view.Views;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A node without its threads, sockets, disk and clocks: every other part, wired together. The composition root gives it the
 * machine's, the simulator its own, and both run the same wiring.
 */
public final class NodeParts {
    private final Seams seams;
    private final NodeRpc rpc;
    private final Later<Founding> founding = new Later<>();
    private final Views views;
    private final Members members;
    private final Sync sync;
    private final ViewProposer proposer;
    private final ReplicationQueue queue;
    private final Rebalance rebalance;
    private final TombstoneSweep tombstoneSweep;
    private final Drain drain;
    private final ReferenceSync references;
    private final Collector collector;
    private final ManifestAudit audit;
    private final Scrub scrub;
    private final AntiEntropy antiEntropy;
    private final Status status;
    /** What operators can watch and hold up. */
    private final List<LongWork> longWork = new ArrayList<>();

    private final QueueWork queueWork;
    private final RepairDesk desk;
    private final EmbeddedCluster cluster;

    /**
     * What a node stands on.
     *
     * @param loop its protocol thread, its clock and its chance
     * @param store its disk; what earlier runs knew must be readable at once
     * @param clock opened on that loop and store
     * @param transport not yet started
     * @param membership not yet started
     * @param listeners told what happens
     * @param workers threads for hashing and callers' streams
     * @param limits sizes and buffers
     * @param calls what the application has running
     */
    public record Seams(
            Loop loop,
            Store store,
            HybridClock clock,
            Transport transport,
            Membership membership,
            Listeners listeners,
            Node.Workers workers,
            Node.Limits limits,
            OpenCalls calls) {}

    /**
     * What the operator has decided.
     *
     * @param evictAfter how long a node must be dead to lose its place in the view
     * @param rebalanceBytesPerSecond cap on repair traffic
     * @param ages how long dead chunks are kept
     */
    public record Policy(Duration evictAfter, long rebalanceBytesPerSecond, LifeTimes ages) {}

    /** From any thread but the loop, before any message can arrive. */
    public NodeParts(Seams seams, Policy policy) {
        this.seams = seams;
        Loop loop = seams.loop();
        Store store = seams.store();
        Listeners listeners = seams.listeners();
        // The parts refer to each other in a circle that only messages and timers close.
        Later<Members> memberBook = new Later<>();
        rpc = new NodeRpc(
                store.nodeId(), seams.transport(), id -> memberBook.get().find(id));
        views = new Views(loop, rpc, store);
        members = new Members(loop, store, views, listeners, founding);
        memberBook.set(members);
        views.load();
        queue = new ReplicationQueue(
                loop,
                rpc,
                store,
                () -> views.ownership().map(Ownership::everybody).orElse(Set.of()));
        Replaced replaced = new Replaced(rpc, views, queue);
        new AcceptorService(rpc, store, views, loop::wallMillis, replaced).start();
        Registers registers = new Registers(loop, rpc, seams.clock(), views);
        Tombstones tombstones = new Tombstones(loop, rpc, store, views, views);
        tombstones.start();
        tombstoneSweep = new TombstoneSweep(loop, store, views, tombstones);
        sync = new Sync(loop, rpc, store, views);
        proposer = new ViewProposer(loop, rpc, views, registers, seams.membership()::members, policy.evictAfter());
        Bandwidth bandwidth = new Bandwidth(loop, policy.rebalanceBytesPerSecond());
        ChunkDelivery delivery = new ChunkDelivery(loop, rpc, store, queue, views, bandwidth);
        rebalance = new Rebalance(loop, rpc, store, views, delivery);
        ViewOperator operator = new ViewOperator(loop, rpc, views, proposer, seams.membership()::members);
        drain = new Drain(loop, rpc, store, views, registers, delivery, operator);
        status = new Status(rpc, store, views, seams.membership(), members, queue, listeners);
        Node node = new Node(
                loop,
                rpc,
                store,
                views,
                registers,
                new ChunkWriter(loop, rpc, bandwidth),
                delivery,
                queue,
                seams.workers(),
                seams.limits(),
                seams.calls());
        references = new ReferenceSync(loop, rpc, store, views);
        Holdings holdings = new Holdings(rpc, store, references::completeEpoch);
        Explain explain = new Explain(views, holdings, policy.ages());
        queueWork = new QueueWork(loop, queue);
        longWork.add(queueWork);
        desk = new RepairDesk(loop, rpc, store, queue, bandwidth, longWork, listeners::tell);
        cluster = new EmbeddedCluster(
                node,
                seams.clock(),
                replaced,
                explain,
                status,
                new NodeViews(rpc, views, operator),
                new AskedRepair(
                        rpc,
                        views,
                        id -> members.find(id).map(MemberInfo::label).orElse("")));
        new ChunkOwner(rpc, store, Transport.MAX_BODY_BYTES, cluster.retained());
        collector = new Collector(
                loop,
                rpc,
                store,
                views,
                delivery,
                cluster.claims(),
                references,
                holdings,
                policy.ages(),
                bandwidth::bytesPerSecond);
        audit = new ManifestAudit(
                loop,
                rpc,
                store,
                views,
                delivery,
                cluster.needs(),
                policy.ages(),
                queue::waiting,
                references::completeEpoch);
        scrub = new Scrub(loop, store.nodeId(), store, views, delivery, policy.ages(), bandwidth::bytesPerSecond);
        longWork.add(audit);
        longWork.add(scrub);
        antiEntropy = new AntiEntropy(loop, rpc, store, views, registers, references, delivery);
        longWork.add(antiEntropy);
        views.onChange(ownership -> listeners.tell(new KeplerEvent.ViewChanged(
                ownership.newest().epoch(),
                ownership.next().isEmpty(),
                ownership.newest().ids())));
    }

    /** This node's incarnation, above every earlier run's, once it is durable. */
    public static long nextIncarnation(Store.Transaction tables) {
        return Incarnation.next(tables);
    }

    /** Begins everything that happens by itself. Once, when the transport and the membership are bound; any thread. */
    public void start(MemberInfo self, int replication, Founding.Seeds seeds, Membership.Local local) {
        founding.set(new Founding(
                seams.loop(),
                seams.store(),
                views,
                ViewMember.of(self),
                replication,
                seeds,
                seams.membership()::cardChanged));
        seams.membership().start(local, members);
        seams.loop().execute(() -> {
            founding.get().start();
            views.start();
            sync.resume();
            proposer.start();
            queue.start();
            queueWork.start();
            desk.start();
            rebalance.start();
            tombstoneSweep.start();
            drain.start();
            references.start();
            collector.start();
            audit.start();
            scrub.start();
            antiEntropy.start();
            cluster.start();
        });
    }

    /** Answers the requests of other nodes. */
    public Transport.Handler handler() {
        return rpc;
    }

    /** The node as its application sees it. */
    public EmbeddedCluster cluster() {
        return cluster;
    }

    /** Who owns what. */
    public Views views() {
        return views;
    }

    /** What is still to be delivered. */
    public ReplicationQueue queue() {
        return queue;
    }

    /** Numbers about repair for the operator's graphs. Any thread. */
    List<Measure> repairMeasures() {
        return desk.measures();
    }

    Status status() {
        return status;
    }

    /** For the transport and the membership: members of earlier runs, without this node itself. */
    public static List<MemberInfo> known(Store.Snapshot tables, MemberInfo self) {
        return tables.peers().stream()
                .filter(peer -> !peer.id().equals(self.id()))
                .toList();
    }
}
