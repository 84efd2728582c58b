package io.keplerfs.sim.whole;

import io.keplerfs.KeplerCluster;
import io.keplerfs.files.Buffers;
import io.keplerfs.files.Node;
import io.keplerfs.files.OpenCalls;
import io.keplerfs.files.ReadWindow;
import io.keplerfs.listen.Listeners;
import io.keplerfs.node.NodeParts;
import io.keplerfs.register.HybridClock;
import io.keplerfs.repair.TombstoneSweep;
import io.keplerfs.sim.SimLoop;
import io.keplerfs.sim.SimProcess;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Membership;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.Network;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import io.keplerfs.view.Founding;
import io.keplerfs.view.Ownership;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One node through all its lives: the production parts on a simulated disk and network. Only the disk stays. */
final class WholeNode {
    static final int CHUNK = 1024;
    static final int INLINE = 64;
    private static final int BUFFERS = 8;

    /** What all nodes of a run share. */
    record World(
            SimLoop loop,
            Trace trace,
            Wires wires,
            Oracle oracle,
            Trouble trouble,
            Flaw flaw,
            Duration evictAfter,
            List<WholeNode> nodes) {}

    private final World world;
    private final int number;
    private final NodeId id;
    private final boolean founds;
    final Platter platter = new Platter();
    final SimDisk.Mood mood = new SimDisk.Mood();
    private SimProcess life;
    private @Nullable SimDisk disk;
    private @Nullable NodeParts parts;
    private Duration skew = Duration.ZERO;
    private int lives;
    /** Its disk is gone; it never comes back. */
    boolean destroyed;

    WholeNode(World world, int number, boolean founds) {
        this.world = world;
        this.number = number;
        this.id = new NodeId(new UUID(0, number + 1));
        this.founds = founds;
        this.life = new SimProcess(world.loop(), 0);
        life.kill();
    }

    NodeId id() {
        return id;
    }

    String name() {
        return Wires.short4(id);
    }

    int lives() {
        return lives;
    }

    boolean isUp() {
        return !life.isDead();
    }

    /** Up and past its start. */
    boolean isServing() {
        return isUp() && parts != null;
    }

    boolean isPaused() {
        return life.isPaused();
    }

    boolean hasFailedDisk() {
        return disk != null && disk.failed().isPresent();
    }

    SimProcess life() {
        return life;
    }

    void start() {
        if (isUp() || destroyed) {
            return;
        }
        lives++;
        world.trace().note("start " + name());
        SimProcess fresh = new SimProcess(world.loop(), skew.toMillis());
        SimDisk store = new SimDisk(world.loop(), fresh, id, platter, mood, world.flaw(), world.trouble());
        life = fresh;
        disk = store;
        parts = null;
        HybridClock.open(fresh, store, id)
                .thenCombine(store.write(NodeParts::nextIncarnation), (clock, incarnation) -> {
                    run(fresh, store, clock, incarnation);
                    return true;
                });
    }

    private void run(SimProcess loop, SimDisk store, HybridClock clock, long incarnation) {
        Transport transport = world.wires().of(id, loop);
        Membership membership = world.oracle().of(loop);
        Node.Workers workers = new Node.Workers(loop::execute, loop::execute);
        Node.Limits limits = new Node.Limits(
                CHUNK,
                INLINE,
                new Buffers(CHUNK, BUFFERS),
                new ReadWindow(BUFFERS),
                WholeSimulation.AGES.upload(),
                WholeSimulation.CONFLICTS_KEPT,
                TombstoneSweep.AGE);
        Listeners listeners = new Listeners(task -> {
            throw new IllegalStateException("nobody listens to simulated nodes");
        });
        NodeParts built = new NodeParts(
                new NodeParts.Seams(
                        loop, store, clock, transport, membership, listeners, workers, limits, new OpenCalls(name())),
                new NodeParts.Policy(world.evictAfter(), 1 << 20, WholeSimulation.AGES));
        NodeAddress address = new NodeAddress("host" + number, 0, 1, 1);
        MemberInfo self = new MemberInfo(id, name(), "", 1, address, incarnation, MemberState.ALIVE);
        List<MemberInfo> known =
                store.read(tables -> NodeParts.known(tables, self)).join();
        try {
            transport.start(new Transport.Local(id, "", 0, "", Thread::new), built.handler());
        } catch (java.io.IOException impossible) {
            throw new IllegalStateException(impossible);
        }
        store.started();
        parts = built;
        if (world.flaw() == Flaw.UPLOADS_NOT_SETTLED) {
            onDisk(Store.Snapshot::uploads).forEach(upload -> world.nodes().forEach(node -> node.drop(upload.id())));
        }
        built.start(
                self,
                WholeSimulation.REPLICATION,
                new Founding.Seeds(founds ? List.of() : List.of("seed:1"), Founding.Seeds.NOT_AMONG_THEM),
                new Membership.Local(
                        self,
                        List.of(),
                        known,
                        "",
                        Network.LAN,
                        Duration.ofSeconds(1),
                        Duration.ofMillis(500),
                        loop.random(),
                        Thread::new));
    }

    private void drop(VersionId upload) {
        SimDisk running = disk;
        if (isUp() && running != null) {
            running.write(tables -> tables.unpin(upload)).thenCompose(running::collect);
        }
    }

    void crash() {
        if (isUp()) {
            world.trace().note("crash " + name());
            life.kill();
            parts = null;
            if (disk != null) {
                disk.crash();
            }
        }
    }

    void jump(Duration forward) {
        skew = skew.plus(forward);
        if (isUp()) {
            life.jump(forward);
        }
    }

    KeplerCluster cluster() {
        NodeParts running = parts;
        if (running == null) {
            throw new IllegalStateException(name() + " is down");
        }
        return running.cluster();
    }

    @Nullable
    Ownership ownership() {
        return parts == null ? null : parts.views().ownership().orElse(null);
    }

    <T> T onDisk(java.util.function.Function<Store.Snapshot, T> query) {
        return platter.tables.read(query::apply);
    }
}
