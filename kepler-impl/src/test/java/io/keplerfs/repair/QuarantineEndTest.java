package io.keplerfs.repair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.keplerfs.ChunkReport;
import io.keplerfs.disk.DiskOptions;
import io.keplerfs.disk.DiskStore;
import io.keplerfs.memory.MemoryStore;
import io.keplerfs.replication.Bandwidth;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.replication.ReplicationQueue;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.sim.SimLoop;
import io.keplerfs.sim.SimNetwork;
import io.keplerfs.sim.SimProcess;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import io.keplerfs.view.Views;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a damaged copy on a real disk, and of its row, while months pass in virtual time. */
class QuarantineEndTest {
    private static final NodeId SELF = new NodeId(new UUID(0, 1));
    private static final Pin PIN = new Pin(new VersionId(new UUID(1, 1)), "files", "key");
    private static final ByteBuffer BYTES = ByteBuffer.wrap(new byte[] {1, 2, 3});
    private static final ChunkId CHUNK = ChunkId.of(BYTES.duplicate());
    private static final Duration DAY = Duration.ofDays(1);
    private static final LifeTimes AGES = new LifeTimes(
            Duration.ofHours(1),
            Duration.ofHours(1),
            DAY,
            Duration.ofMinutes(10),
            DAY,
            Duration.ofDays(7),
            Duration.ofHours(1),
            Duration.ofHours(5),
            Duration.ofDays(30));

    @TempDir
    private Path root;

    private final SimLoop world = new SimLoop(1);
    private final SimNetwork network = new SimNetwork(world, SimNetwork.Weather.FINE);
    private final SimProcess loop = new SimProcess(world, 0);
    private final Map<Integer, Store> others = new HashMap<>();
    private DiskStore disk;
    private Explain explain;

    @BeforeEach
    void damageACopyThatIsNeeded() throws IOException {
        disk = DiskStore.open(new DiskOptions(root, "n1", false, Thread::new, 2, SELF::uuid, loop::wallMillis));
        assumeThat(disk.usage().isNearlyFull()).isFalse();
        disk.writeChunk(CHUNK, BYTES.duplicate()).join();
        disk.write(tables -> tables.pin(CHUNK, PIN)).join();
        String name = CHUNK.toString();
        Files.write(
                root.resolve("chunks")
                        .resolve(name.substring(0, 2))
                        .resolve(name.substring(2, 4))
                        .resolve(name),
                new byte[] {1, 2, 4});
        disk.readChunk(CHUNK, 0, ByteBuffer.allocate(0), true)
                .handle((whole, failure) -> failure)
                .join();
        assertThat(state()).contains(ChunkRow.State.QUARANTINE);
        for (int node = 2; node <= 4; node++) {
            others.put(node, new MemoryStore(new NodeId(new UUID(0, node)), Runnable::run));
        }
    }

    @AfterEach
    void close() {
        disk.close();
    }

    /** The world has one thread: a call is over when it returns. */
    private static Store inOneThread(Store store) {
        return (Store) Proxy.newProxyInstance(
                Store.class.getClassLoader(), new Class<?>[] {Store.class}, (proxy, method, given) -> {
                    try {
                        Object result = method.invoke(store, given);
                        if (result instanceof CompletableFuture<?> future) {
                            future.handle((done, failure) -> true).join();
                        }
                        return result;
                    } catch (InvocationTargetException failure) {
                        throw failure.getCause();
                    }
                });
    }

    private void start(Long... owners) {
        others.forEach((node, theirs) ->
                new Holdings(network.attach(new NodeId(new UUID(0, node)), new SimProcess(world, 0)), theirs, () -> 5));
        Store store = inOneThread(disk);
        Rpc rpc = network.attach(SELF, loop);
        Views views = RepairDeskTest.views(loop, rpc, store, List.of(owners));
        ReplicationQueue queue = new ReplicationQueue(loop, rpc, store, Set::of);
        Holdings holdings = new Holdings(rpc, store, () -> 5);
        explain = new Explain(views, holdings, AGES);
        Collector collector = new Collector(
                loop,
                rpc,
                store,
                views,
                new ChunkDelivery(loop, rpc, store, queue, views, new Bandwidth(loop, Bandwidth.LEAST)),
                new UploadsElsewhere(),
                new ReferenceSync(loop, rpc, store, views),
                holdings,
                AGES,
                () -> 1_000_000,
                Fault.COLLECT_BEFORE_READING_REFERENCES);
        loop.execute(collector::start);
    }

    private void pass(Duration time) {
        world.runUntil(() -> false, time);
    }

    private Optional<ChunkRow.State> state() {
        return disk.read(tables -> tables.chunk(CHUNK).map(ChunkRow::state)).join();
    }

    private String explained() {
        CompletableFuture<ChunkReport> report = explain.chunk(CHUNK);
        world.runUntil(report::isDone, Duration.ofMinutes(1));
        return report.join().copies().stream()
                .filter(copy -> copy.node().equals(SELF))
                .map(ChunkReport.Copy::why)
                .findFirst()
                .orElseThrow();
    }

    private Path aside() {
        return root.resolve("quarantine").resolve(CHUNK.toString());
    }

    private void rowGoesAndTheFileFollowsAMonthLater() {
        pass(Duration.ofHours(3));
        assertThat(state()).isEmpty();
        assertThat(aside()).exists();

        pass(DAY.multipliedBy(28));
        assertThat(aside()).exists();

        pass(DAY.multipliedBy(3));
        assertThat(root.resolve("quarantine")).isEmptyDirectory();
    }

    @Test
    void aDamagedCopyThatNobodyNeedsAnyMoreIsForgottenAfterAnHourAndItsFileAfterAMonth() {
        start(1L, 2L, 3L);
        pass(Duration.ofHours(5));
        assertThat(explained()).contains("a copy is on its way");
        assertThat(state()).as("it is needed").contains(ChunkRow.State.QUARANTINE);
        disk.write(tables -> tables.unpin(PIN.upload())).join();
        pass(Duration.ofMinutes(50));
        assertThat(state()).as("not for long enough").contains(ChunkRow.State.QUARANTINE);
        assertThat(explained()).contains("forgotten after");

        rowGoesAndTheFileFollowsAMonthLater();
    }

    @Test
    void aDamagedCopyOnAFormerOwnerGoesWhenTheOwnersHaveTheirs() {
        others.values().forEach(theirs -> {
            theirs.writeChunk(CHUNK, BYTES.duplicate()).join();
            theirs.write(tables -> tables.pin(CHUNK, PIN)).join();
        });
        start(2L, 3L, 4L);

        rowGoesAndTheFileFollowsAMonthLater();
    }

    @Test
    void aDamagedCopyOnAFormerOwnerStaysWhileAMajorityOfTheOwnersHasNone() {
        Store one = others.get(2);
        one.writeChunk(CHUNK, BYTES.duplicate()).join();
        others.values()
                .forEach(
                        theirs -> theirs.write(tables -> tables.pin(CHUNK, PIN)).join());
        start(2L, 3L, 4L);

        pass(DAY.multipliedBy(90));

        assertThat(state()).contains(ChunkRow.State.QUARANTINE);
        assertThat(aside()).exists();
    }
}
