package io.keplerfs.repair;

import io.keplerfs.loop.Loop;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Store;
import io.keplerfs.view.Views;

/** Opens the door to the planted mistakes, by name, for tests of whole nodes. */
public final class PlantedCollector {
    private PlantedCollector() {}

    /** Starts the reading of references, the audit and the collector of one life of one node. On the loop. */
    public static void start(
            Loop loop,
            Rpc rpc,
            Store store,
            Views views,
            ChunkDelivery delivery,
            Claims claims,
            LifeTimes ages,
            String fault) {
        Fault planted = Fault.valueOf(fault);
        ReferenceSync references = new ReferenceSync(loop, rpc, store, views, planted);
        Collector collector =
                new Collector(loop, rpc, store, views, delivery, claims, references, ages, planted);
        loop.execute(() -> {
            references.start();
            collector.start();
        });
    }
}
