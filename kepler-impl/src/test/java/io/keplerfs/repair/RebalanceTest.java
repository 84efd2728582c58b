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
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.Backlog;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import io.keplerfs.values.VersionId;
import io.keplerfs.view.View;
import io.keplerfs.view.Views;
import io.keplerfs.wire.WireWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What one node with 1,200 chunks owes after a change of view, and how much of it at once. */
class RebalanceTest {
    private static final int CHUNKS = 1_200;
    private static final NodeId SELF = new NodeId(new UUID(0, 1));

    private final SimLoop world = new SimLoop(1);
    private final SimNetwork network = new SimNetwork(world, SimNetwork.Weather.FINE);
    private final Store store = new MemoryStore(SELF, Runnable::run);
    private final SimProcess loop = new SimProcess(world, 0);

    /** Members before, in epoch 4; now, in epoch 5, they are the others. */
    private void begin(List<Long> before, List<Long> now, long mostQueued) {
        for (int i = 0; i < CHUNKS; i++) {
            ByteBuffer bytes = ByteBuffer.allocate(8).putLong(0, i);
            ChunkId chunk = ChunkId.of(bytes.duplicate());
            store.writeChunk(chunk, bytes);
            store.write(tables -> tables.pin(chunk, new Pin(new VersionId(new UUID(1, 1)), "files", "key")));
        }
        Rpc rpc = network.attach(SELF, loop);
        Views views = RepairDeskTest.views(loop, rpc, store, now);
        View old = new View(
                views.ownership().orElseThrow().current().clusterId(),
                3,
                4,
                before.stream().map(RepairDeskTest::member).toList());
        WireWriter done = new WireWriter();
        old.write(done);
        store.write(tables -> {
            tables.putSetting("rebalanced", done.toBytes());
            return true;
        });
        ReplicationQueue queue = new ReplicationQueue(loop, rpc, store, Set::of);
        ChunkDelivery delivery =
                new ChunkDelivery(loop, rpc, store, queue, views, new Bandwidth(loop, Bandwidth.LEAST));
        new Rebalance(loop, rpc, store, views, delivery, mostQueued).start();
    }

    private void pass() {
        world.runUntil(() -> false, Duration.ofSeconds(10));
    }

    private List<Backlog> backlog() {
        return store.read(Store.Snapshot::backlog).join();
    }

    private void workOff() {
        store.write(tables -> {
            List<QueueRow> all = tables.due(null, Long.MAX_VALUE, Integer.MAX_VALUE);
            all.forEach(task -> tables.dequeue(task.kind(), task.id(), task.target()));
            return true;
        });
    }

    @Test
    void theWalkWaitsWhileTheQueueIsLongAndGoesOnFromThere() {
        network.attach(RepairDeskTest.id(4), loop);
        begin(List.of(1L, 2L, 3L), List.of(1L, 2L, 4L), 600);
        pass();
        assertThat(Backlog.copies(backlog())).as("two pages of 500").isEqualTo(1_000);
        pass();
        assertThat(Backlog.copies(backlog())).isEqualTo(1_000);

        workOff();
        pass();
        assertThat(Backlog.copies(backlog())).isEqualTo(200);
        workOff();
        pass();
        assertThat(backlog()).isEmpty();
    }

    @Test
    void whatIsOwedToMembersOutOfReachAndSmallTasksDoNotHoldTheWalkUp() {
        for (int i = 0; i < 700; i++) {
            byte[] id = ByteBuffer.allocate(ChunkId.BYTES).putInt(0, i).array();
            QueueRow small = new QueueRow("greet", id, SELF, 1, "test", 0, 0, 0);
            QueueRow away = new QueueRow("copy", id, RepairDeskTest.id(3), 1, "test", 0, 0, 0);
            store.write(tables -> {
                tables.enqueue(small);
                tables.enqueue(away.copying(Priority.MOVE, 1));
                return true;
            });
        }
        begin(List.of(1L, 2L, 3L), List.of(1L, 2L, 4L), 600);
        pass();
        assertThat(Backlog.copies(backlog())).isEqualTo(700 + CHUNKS);
    }

    @Test
    void whatANewMemberGetsIsAMove() {
        begin(List.of(1L, 2L, 3L), List.of(1L, 2L, 3L, 4L), 100_000);
        pass();
        assertThat(backlog()).extracting(Backlog::priority).containsExactly(Priority.MOVE);
    }

    @Test
    void whatHasTwoCopiesLeftAfterAnEvictionIsMoreUrgent() {
        begin(List.of(1L, 2L, 3L), List.of(1L, 2L, 4L), 100_000);
        pass();
        assertThat(backlog())
                .singleElement()
                .satisfies(one -> assertThat(one.priority()).isEqualTo(Priority.UNDER_REPLICATED))
                .satisfies(one -> assertThat(one.chunks()).isEqualTo(CHUNKS));
    }

    @Test
    void theOnlyCopiesOfAClusterThatGrowsFromOneNodeGoFirst() {
        begin(List.of(1L), List.of(1L, 2L, 3L), 100_000);
        pass();
        assertThat(backlog()).extracting(Backlog::priority).containsExactly(Priority.ONE_COPY_LEFT);
    }

    @Test
    void whatHasOneCopyLeftGoesFirst() {
        begin(List.of(1L, 2L, 3L), List.of(1L, 4L, 5L), 100_000);
        pass();
        assertThat(backlog())
                .singleElement()
                .satisfies(one -> assertThat(one.priority()).isEqualTo(Priority.ONE_COPY_LEFT))
                .satisfies(one -> assertThat(one.tasks()).isEqualTo(2 * CHUNKS));
    }
}
