package io.keplerfs.sim;

import io.keplerfs.register.AcceptorService;
import io.keplerfs.register.Configuration;
import io.keplerfs.register.HybridClock;
import io.keplerfs.register.PlantedRegisters;
import io.keplerfs.register.Registers;
import io.keplerfs.register.Tombstones;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One node of the register simulation through all its lives: its disk stays, everything else begins anew. */
final class SimNode implements SimHost {
    /** What all nodes of a run share. */
    record World(SimLoop loop, SimNetwork network, SimOwnership.Script script, Duration roundTimeout) {}

    private final World world;
    private final NodeId id;
    private long skewMillis;
    private SimStore store;
    private SimProcess process;
    private SimOwnership ownership;
    private Tombstones tombstones;
    private @Nullable Registers registers;
    private Rpc rpc;
    private int swept;
    private int lives;

    SimNode(World world, NodeId id, long skewMillis, SimStore store) {
        this.world = world;
        this.id = id;
        this.skewMillis = skewMillis;
        this.store = store;
        this.process = new SimProcess(world.loop(), skewMillis);
        this.ownership = boot();
        this.tombstones = tombstones(ownership);
    }

    private Tombstones tombstones(SimOwnership own) {
        Tombstones made = PlantedRegisters.tombstones(
                process, rpc, store, own, own, world.script().mistakes().proposer());
        made.start();
        return made;
    }

    /** Has the tombstones of its store removed that are older than this, unless the register is moving. */
    void sweep(Duration age, List<NodeId> members) {
        Configuration configuration = ownership.of(world.script().key());
        if (isUp() && configuration.ownerSets().size() == 1) {
            long until = process.wallMillis() - age.toMillis();
            process.when(store.read(tables -> tables.tombstonesAfter(null, 10)), (rows, failure) -> {
                if (rows != null) {
                    List<RegisterRow> ripe = rows.stream()
                            .filter(row -> Tombstones.isRipe(row, until))
                            .toList();
                    tombstones
                            .remove(ripe, configuration.stage(), members, world.roundTimeout())
                            .thenAccept(removed -> swept += removed);
                }
            });
        }
    }

    /** Has these removed if everybody agrees, whatever their age; how many were. */
    int remove(List<RegisterRow> tombs, List<NodeId> members) {
        long stage = ownership.of(world.script().key()).stage();
        CompletableFuture<Integer> removed = tombstones.remove(tombs, stage, members, world.roundTimeout());
        world.loop().runUntil(removed::isDone, Duration.ofMinutes(1));
        return removed.join();
    }

    /** Tombstones removed so far. */
    int swept() {
        return swept;
    }

    private SimOwnership boot() {
        lives++;
        rpc = world.network().attach(id, process);
        SimOwnership own = new SimOwnership(world.script(), process, rpc, store);
        own.start();
        new AcceptorService(rpc, store, own, process::wallMillis).start();
        SimProcess life = process;
        HybridClock.open(life, store, id)
                .thenAccept(clock -> registers = PlantedRegisters.open(
                        life,
                        rpc,
                        clock,
                        own,
                        world.roundTimeout(),
                        world.script().mistakes().proposer()));
        return own;
    }

    void crash() {
        if (!process.isDead()) {
            world.loop().note("crash " + id);
            process.kill();
            registers = null;
            store = store.crash();
        }
    }

    void restart() {
        if (process.isDead()) {
            world.loop().note("restart " + id);
            process = new SimProcess(world.loop(), skewMillis);
            ownership = boot();
            tombstones = tombstones(ownership);
        }
    }

    /** Sets its wall clock, in this life and the next ones. */
    void setSkew(long millis) {
        world.loop().note("clock of " + id + " is " + millis + " ms ahead");
        skewMillis = millis;
        process.setSkew(millis);
    }

    void pause(Duration time) {
        world.loop().note("pause " + id);
        process.pause(time);
    }

    @Override
    public NodeId id() {
        return id;
    }

    /** Its present life. */
    @Override
    public long wallMillis() {
        return process.wallMillis();
    }

    SimProcess process() {
        return process;
    }

    SimStore store() {
        return store;
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
        return registers;
    }

    SimOwnership ownership() {
        return ownership;
    }
}
