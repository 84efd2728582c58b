package io.keplerfs.repair;

import io.keplerfs.loop.Loop;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Store;
import io.keplerfs.view.Views;

/** Opens the door to the planted mistakes, by name, for tests of whole nodes. */
public final class PlantedCollector {
    private PlantedCollector() {}

    /** For nodes whose collector is started later. */
    public static Holdings holdings(Rpc rpc, Store store, ReferenceSync references) {
        return new Holdings(rpc, store, references::completeEpoch);
    }

    public static ReferenceSync references(Loop loop, Rpc rpc, Store store, Views views, String fault) {
        return new ReferenceSync(loop, rpc, store, views, Fault.valueOf(fault));
    }

    /** Starts the reading of references, the audit and the collector of one life of one node. On the loop. */
    public static void start(
            Loop loop,
            Rpc rpc,
            Store store,
            Views views,
            ChunkDelivery delivery,
            Claims claims,
            ReferenceSync references,
            Holdings holdings,
            LifeTimes ages,
            String fault) {
        Collector collector = new Collector(
                loop,
                rpc,
                store,
                views,
                delivery,
                claims,
                references,
                holdings,
                ages,
                () -> 1 << 30,
                Fault.valueOf(fault));
        loop.execute(() -> {
            references.start();
            collector.start();
        });
    }
}
