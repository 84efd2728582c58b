package io.keplerfs.repair;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.memory.MemoryStore;
import io.keplerfs.replication.Bandwidth;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.replication.ReplicationQueue;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.sim.SimLoop;
import io.keplerfs.sim.SimNetwork;
import io.keplerfs.sim.SimProcess;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import io.keplerfs.view.Views;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A former owner of 80 chunks, which their three owners have hashed, under virtual time. */
class CollectorPaceTest {
    private static final int CHUNKS = 80;
    private static final int SIZE = 10_000;
    /** Hashing all copies takes 24 s. */
    private static final long CAP = 100_000;

    private static final NodeId SELF = new NodeId(new UUID(0, 1));
    private static final LifeTimes AGES = new LifeTimes(
            Duration.ofSeconds(30),
            Duration.ofHours(1),
            Duration.ofDays(1),
            Duration.ofMinutes(10),
            Duration.ofDays(1),
            Duration.ofDays(7),
            Duration.ZERO,
            Duration.ofMinutes(5),
            Duration.ofDays(30));

    private final SimLoop world = new SimLoop(1);
    private final SimNetwork network = new SimNetwork(world, SimNetwork.Weather.FINE);
    private int purges;
    private final Store store = counting(filled(SELF));

    private static Store filled(NodeId id) {
        Store store = new MemoryStore(id, Runnable::run);
        for (int i = 0; i < CHUNKS; i++) {
            ByteBuffer bytes = ByteBuffer.allocate(SIZE).putInt(0, i);
            ChunkId chunk = ChunkId.of(bytes.duplicate());
            store.writeChunk(chunk, bytes).join();
            Pin pin = new Pin(new VersionId(new UUID(1, 1)), "files", "key");
            store.write(tables -> tables.pin(chunk, pin)).join();
        }
        return store;
    }

    private Store counting(Store real) {
        return (Store) Proxy.newProxyInstance(
                Store.class.getClassLoader(), new Class<?>[] {Store.class}, (proxy, method, given) -> {
                    purges += method.getName().equals("purge") ? 1 : 0;
                    return method.invoke(real, given);
                });
    }

    private void start() {
        for (int owner = 2; owner <= 4; owner++) {
            NodeId id = new NodeId(new UUID(0, owner));
            new Holdings(network.attach(id, new SimProcess(world, 0)), filled(id), () -> 5);
        }
        SimProcess loop = new SimProcess(world, 0);
        Rpc rpc = network.attach(SELF, loop);
        Views views = RepairDeskTest.views(loop, rpc, store, List.of(2L, 3L, 4L));
        ReplicationQueue queue = new ReplicationQueue(loop, rpc, store, Set::of);
        ChunkDelivery delivery =
                new ChunkDelivery(loop, rpc, store, queue, views, new Bandwidth(loop, Bandwidth.LEAST));
        Collector collector = new Collector(
                loop,
                rpc,
                store,
                views,
                delivery,
                new UploadsElsewhere(),
                new ReferenceSync(loop, rpc, store, views),
                new Holdings(rpc, store, () -> 5),
                AGES,
                () -> CAP,
                Fault.COLLECT_BEFORE_READING_REFERENCES);
        loop.execute(collector::start);
    }

    private void pass(Duration time) {
        world.runUntil(() -> false, time);
    }

    @Test
    void oldCopiesGoAsFastAsOthersMayHashTheirsAndTheTrashIsListedInRegularLooksOnly() {
        start();

        pass(Duration.ofSeconds(10));
        assertThat(store.usage().chunks()).as("of 8 at a time, each 2.4 s").isBetween(32L, 48L);
        pass(Duration.ofSeconds(15));
        assertThat(store.usage().chunks()).isZero();
        assertThat(purges).isEqualTo(1);

        pass(Duration.ofSeconds(10));
        assertThat(purges).isEqualTo(2);
    }
}
