package io.keplerfs.view;

import io.keplerfs.loop.Loop;
import io.keplerfs.register.Registers;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Store;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/** The simulator's door to views with a deliberate mistake in them; {@code fault} is the name of a {@link Fault}. */
public final class PlantedViews {
    private PlantedViews() {}

    public static Views views(Loop loop, Rpc rpc, Store store, String fault) {
        return new Views(loop, rpc, store, Fault.valueOf(fault));
    }

    public static Sync sync(Loop loop, Rpc rpc, Store store, Views views, String fault) {
        return new Sync(loop, rpc, store, views, Fault.valueOf(fault));
    }

    public static ViewProposer proposer(
            Loop loop,
            Rpc rpc,
            Views views,
            Registers registers,
            Supplier<List<MemberInfo>> membership,
            Duration evictAfter,
            String fault) {
        return new ViewProposer(loop, rpc, views, registers, membership, evictAfter, Fault.valueOf(fault));
    }
}
