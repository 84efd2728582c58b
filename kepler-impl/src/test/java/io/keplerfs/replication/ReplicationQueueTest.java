package io.keplerfs.replication;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.memory.MemoryStore;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.sim.SimLoop;
import io.keplerfs.sim.SimNetwork;
import io.keplerfs.sim.SimProcess;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import io.keplerfs.view.Views;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ReplicationQueueTest {
    private static final NodeId SELF = new NodeId(new UUID(0, 1));
    private static final NodeId OTHER = new NodeId(new UUID(0, 2));
    private static final Pin PIN = new Pin(new VersionId(new UUID(5, 6)), "files", "key");

    private final SimLoop world = new SimLoop(1);
    private final SimNetwork network = new SimNetwork(world, SimNetwork.Weather.FINE);
    private final Store store = new MemoryStore(SELF, Runnable::run);
    private final List<String> asked = new ArrayList<>();

    private Rpc rpc(SimProcess loop) {
        network.attach(OTHER, loop).serve(Kind.PIN, (from, head, body, responder) -> {
            asked.add("pin");
            responder.respond(ChunkMessages.code(1));
        });
        return network.attach(SELF, loop);
    }

    private ReplicationQueue queue(SimProcess loop, Delivery delivery) {
        ReplicationQueue queue = new ReplicationQueue(loop, rpc(loop), store, () -> Set.of(OTHER));
        queue.deliverWith("greet", delivery);
        queue.start();
        return queue;
    }

    private void pass(Duration time) {
        world.runUntil(() -> false, time);
    }

    @Test
    void aClockThatIsSetBackDoesNotKeepTasksWaiting() {
        SimProcess loop = new SimProcess(world, 0);
        List<Long> tries = new ArrayList<>();
        ReplicationQueue queue = queue(loop, task -> {
            tries.add(world.nowNanos());
            return tries.size() == 1
                    ? CompletableFuture.failedFuture(new IllegalStateException("not yet"))
                    : CompletableFuture.completedFuture(null);
        });
        queue.add(List.of(queue.task("greet", new byte[1], OTHER, 1, "test")));
        pass(Duration.ofMillis(100));
        assertThat(tries).hasSize(1);

        loop.jump(Duration.ofHours(-5));
        pass(Duration.ofSeconds(10));

        assertThat(tries).hasSize(2);
        assertThat(store.read(Store.Snapshot::queued).join()).isZero();
    }

    @Test
    void tasksOfARunWhoseClockWasADayAheadAreDeliveredSoon() {
        SimProcess ahead = new SimProcess(world, Duration.ofDays(1).toMillis());
        ReplicationQueue before =
                queue(ahead, task -> CompletableFuture.failedFuture(new IllegalStateException("not yet")));
        before.add(List.of(before.task("greet", new byte[1], OTHER, 1, "test")));
        pass(Duration.ofSeconds(1));
        ahead.kill();

        ReplicationQueue after = queue(new SimProcess(world, 0), task -> CompletableFuture.completedFuture(null));
        after.add(List.of(after.task("greet", new byte[2], OTHER, 1, "of this run")));
        pass(Duration.ofMinutes(15));

        assertThat(store.read(Store.Snapshot::queued).join()).isZero();
    }

    @Test
    void tasksOfManyRunsWithDifferentClocksDoNotWaitForEachOther() {
        ReplicationQueue queue = queue(new SimProcess(world, 0), task -> CompletableFuture.completedFuture(null));
        for (byte hours = 1; hours <= 8; hours++) {
            QueueRow task = queue.task("greet", new byte[] {hours}, OTHER, 1, "of a clock that was ahead");
            queue.add(List.of(task.delayedBy(Duration.ofHours(hours))));
        }

        pass(Duration.ofMinutes(1));

        assertThat(store.read(Store.Snapshot::queued).join()).isZero();
    }

    @Test
    void aChunkMovesOnlyWhileThisNodeStillReferencesIt() {
        SimProcess loop = new SimProcess(world, 0);
        Rpc rpc = rpc(loop);
        Views views = new Views(loop, rpc, store);
        ReplicationQueue queue = new ReplicationQueue(loop, rpc, store, () -> Set.of(OTHER));
        ChunkDelivery delivery = new ChunkDelivery(loop, rpc, store, queue, views, 1 << 20);
        queue.start();
        ChunkRef chunk = new ChunkRef(ChunkId.of(ByteBuffer.allocate(10)), 10);

        queue.add(delivery.moves(chunk, PIN, List.of(OTHER)));
        pass(Duration.ofSeconds(5));
        assertThat(asked).isEmpty();
        assertThat(store.read(Store.Snapshot::queued).join()).isZero();

        store.write(tables -> tables.pin(chunk.id(), PIN));
        queue.add(delivery.moves(chunk, PIN, List.of(OTHER)));
        pass(Duration.ofSeconds(5));
        assertThat(asked).containsExactly("pin");
        assertThat(store.read(Store.Snapshot::queued).join()).isZero();
    }
}
