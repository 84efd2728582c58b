package io.keplerfs.register;

import io.keplerfs.loop.Loop;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Store;
import java.time.Duration;

/** The simulator's door to a proposer with a deliberate mistake in it. */
public final class PlantedRegisters {
    private PlantedRegisters() {}

    /** @param fault name of a {@link Fault} */
    public static Tombstones tombstones(
            Loop loop, Rpc rpc, Store store, Configurations configurations, StageGate gate, String fault) {
        return new Tombstones(loop, rpc, store, configurations, gate, Fault.valueOf(fault));
    }

    /** @param fault name of a {@link Fault} */
    public static Registers open(
            Loop loop, Rpc rpc, HybridClock clock, Configurations configurations, Duration roundTimeout, String fault) {
        return new Registers(loop, rpc, clock, configurations, roundTimeout, Fault.valueOf(fault));
    }
}
