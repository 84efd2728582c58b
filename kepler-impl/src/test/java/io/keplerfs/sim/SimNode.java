package io.keplerfs.sim;

import io.keplerfs.register.AcceptorService;
import io.keplerfs.register.HybridClock;
import io.keplerfs.register.PlantedRegisters;
import io.keplerfs.register.Registers;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.values.NodeId;
import java.time.Duration;
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
    private @Nullable Registers registers;
    private int lives;

    SimNode(World world, NodeId id, long skewMillis, SimStore store) {
        this.world = world;
        this.id = id;
        this.skewMillis = skewMillis;
        this.store = store;
        this.process = new SimProcess(world.loop(), skewMillis);
        this.ownership = boot();
    }

    private SimOwnership boot() {
        lives++;
        Rpc rpc = world.network().attach(id, process);
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
