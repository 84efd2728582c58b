package io.keplerfs.repair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.InvalidRequestException;
import io.keplerfs.KeplerEvent;
import io.keplerfs.KeplerEvent.RepairProgress;
import io.keplerfs.KeplerEvent.RepairProgress.Stage;
import io.keplerfs.RepairReport;
import io.keplerfs.RepairStatus;
import io.keplerfs.RepairWork;
import io.keplerfs.UnavailableException;
import io.keplerfs.Waiting;
import io.keplerfs.memory.MemoryStore;
import io.keplerfs.replication.Bandwidth;
import io.keplerfs.replication.ReplicationQueue;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.sim.SimLoop;
import io.keplerfs.sim.SimNetwork;
import io.keplerfs.sim.SimProcess;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.Measure;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import io.keplerfs.view.View;
import io.keplerfs.view.ViewMember;
import io.keplerfs.view.Views;
import io.keplerfs.wire.WireWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Three members under virtual time; each owes what a test gives it, one copy of 1 MB per second and target. */
class RepairDeskTest {
    private static final long MB = 1_000_000;
    private static final UUID CLUSTER = new UUID(8, 8);

    private final SimLoop world = new SimLoop(1);
    private final SimNetwork network = new SimNetwork(world, SimNetwork.Weather.FINE);
    private final List<Desk> desks =
            LongStream.rangeClosed(1, 3).mapToObj(Desk::new).toList();

    static NodeId id(long number) {
        return new NodeId(new UUID(0, number));
    }

    static Views views(SimProcess loop, Rpc rpc, Store store, List<Long> members) {
        View view = new View(
                CLUSTER, 3, 5, members.stream().map(RepairDeskTest::member).toList());
        WireWriter ownership = new WireWriter();
        view.write(ownership);
        ownership.bool(false).list(view.ids(), WireWriter::node);
        store.write(tables -> {
            tables.putSetting("cluster", new WireWriter().uuid(CLUSTER).toBytes());
            tables.putSetting("ownership", ownership.toBytes());
            return true;
        });
        Views views = new Views(loop, rpc, store);
        views.load();
        return views;
    }

    static ViewMember member(long number) {
        NodeAddress address = new NodeAddress("n" + number, 0, 1, 1);
        return ViewMember.of(new MemberInfo(id(number), "n" + number, "", 1, address, 1, MemberState.ALIVE));
    }

    private final class Desk {
        final SimProcess loop = new SimProcess(world, 0);
        final List<KeplerEvent> events = new ArrayList<>();
        final ReplicationQueue queue;
        final RepairDesk desk;
        final AskedRepair repair;

        Desk(long number) {
            Store store = new MemoryStore(id(number), Runnable::run);
            Rpc rpc = network.attach(id(number), loop);
            Views views = views(loop, rpc, store, List.of(1L, 2L, 3L));
            queue = new ReplicationQueue(loop, rpc, store, () -> Set.of(id(1), id(2), id(3)));
            queue.deliverWith("copy", task -> {
                CompletableFuture<Void> copied = new CompletableFuture<>();
                loop.schedule(Duration.ofSeconds(4), () -> copied.complete(null));
                return copied;
            });
            QueueWork work = new QueueWork(loop, queue);
            Bandwidth bandwidth = new Bandwidth(loop, 50 * MB);
            desk = new RepairDesk(loop, rpc, store, queue, bandwidth, List.of(work), events::add);
            repair = new AskedRepair(rpc, views, node -> "n" + node.uuid().getLeastSignificantBits());
            queue.start();
            work.start();
            desk.start();
        }

        void owes(int copies, Priority priority) {
            List<QueueRow> tasks = new ArrayList<>();
            for (int i = 0; i < copies; i++) {
                byte[] chunk = new byte[ChunkId.BYTES];
                chunk[0] = (byte) i;
                tasks.add(queue.task("copy", chunk, id(2), 5, "test").copying(priority, MB));
            }
            queue.add(tasks);
        }

        RepairWork work() {
            return done(repair.statusAsync())
                    .nodes()
                    .get(0)
                    .work(RepairStatus.QUEUE)
                    .orElseThrow();
        }

        List<Stage> stages() {
            return events.stream()
                    .map(event -> ((RepairProgress) event).stage())
                    .toList();
        }
    }

    private void pass(Duration time) {
        world.runUntil(() -> false, time);
    }

    private <T> T done(CompletableFuture<T> future) {
        assertThat(world.runUntil(future::isDone, Duration.ofSeconds(10))).isTrue();
        return future.join();
    }

    private void settled(CompletableFuture<?> future) {
        assertThat(world.runUntil(future::isDone, Duration.ofSeconds(10))).isTrue();
    }

    @Test
    void everyMemberThatCanBeReachedTellsOfItself() {
        desks.get(1).owes(12, Priority.ONE_COPY_LEFT);
        desks.get(1).owes(0, Priority.MOVE);
        pass(Duration.ofSeconds(1));
        RepairReport report = done(desks.get(0).repair.statusAsync());
        assertThat(report.nodes()).extracting(RepairStatus::label).containsExactly("n1", "n2", "n3");
        assertThat(report.nodes())
                .extracting(RepairStatus::underReplicatedChunks)
                .containsExactly(0L, 12L, 0L);
        assertThat(report.nodes().get(1).bytesLeft()).isEqualTo(12 * MB);
        assertThat(report.silent()).isEmpty();

        desks.get(2).loop.kill();
        report = done(desks.get(0).repair.statusAsync());
        assertThat(report.nodes()).hasSize(2);
        assertThat(report.silent()).containsExactly(id(3));
    }

    @Test
    void progressHasARateATimeLeftAndARoundThatEnds() {
        Desk desk = desks.get(0);
        assertThat(desk.work().state()).isEqualTo(RepairWork.State.WAITING);
        desk.owes(60, Priority.MOVE);
        pass(Duration.ofSeconds(21));

        RepairWork half = desk.work();
        assertThat(half.state()).isEqualTo(RepairWork.State.RUNNING);
        assertThat(half.total()).isEqualTo(60);
        assertThat(half.done()).isBetween(16L, 24L);
        assertThat(half.totalBytes() - half.doneBytes()).isEqualTo((60 - half.done()) * MB);
        assertThat(half.bytesPerSecond()).isBetween(MB * 7 / 10, MB * 13 / 10);
        assertThat(half.remaining().orElseThrow()).isBetween(Duration.ofSeconds(28), Duration.ofSeconds(60));
        assertThat(half.lastFinished()).isEmpty();

        pass(Duration.ofSeconds(50));
        assertThat(desk.work().state()).isEqualTo(RepairWork.State.WAITING);
        assertThat(desk.work().total()).isZero();
        assertThat(desk.work().lastFinished()).isPresent();
        assertThat(desk.stages()).startsWith(Stage.BEGUN, Stage.RUNNING).endsWith(Stage.RUNNING, Stage.FINISHED);
        assertThat(desk.stages()).as("one in five seconds").hasSizeBetween(11, 15);
    }

    @Test
    void smallTasksAloneAreNoRound() {
        Desk desk = desks.get(0);
        desk.queue.add(List.of(desk.queue.task("copy", new byte[1], id(2), 5, "no chunk")));
        pass(Duration.ofSeconds(3));
        assertThat(desk.work().state()).isEqualTo(RepairWork.State.WAITING);
        assertThat(desk.events).isEmpty();
    }

    @Test
    void ordersReachTheNamedNodesOrAll() {
        AskedRepair repair = desks.get(0).repair;
        done(repair.pauseAsync("queue", List.of(id(2))));
        assertThat(desks).extracting(desk -> desk.queue.copiesPaused()).containsExactly(false, true, false);
        desks.get(1).owes(4, Priority.MOVE);
        pass(Duration.ofSeconds(30));
        assertThat(desks.get(1).queue.copiesDone()).isZero();
        assertThat(desks.get(1).stages()).containsExactly(Stage.PAUSED);

        done(repair.throttleAsync(7 * MB, List.of()));
        RepairReport report = done(repair.resumeAsync("queue", List.of()));
        assertThat(report.nodes())
                .extracting(RepairStatus::bandwidthBytesPerSecond)
                .containsOnly(7 * MB);
        pass(Duration.ofSeconds(10));
        assertThat(desks.get(1).queue.copiesDone()).isEqualTo(4);
        done(repair.pauseAsync("queue", List.of()));
        done(repair.startAsync("queue", List.of()));
        assertThat(desks).extracting(desk -> desk.queue.copiesPaused()).containsOnly(false);
    }

    @Test
    void ordersThatCannotBeFollowedSayWhy() {
        AskedRepair repair = desks.get(0).repair;
        CompletableFuture<RepairReport> unknown = repair.startAsync("dishes", List.of());
        settled(unknown);
        assertThatThrownBy(() -> Waiting.forResult(unknown))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("dishes")
                .hasMessageContaining("queue");
        CompletableFuture<RepairReport> tooLittle = repair.throttleAsync(5, List.of());
        settled(tooLittle);
        assertThatThrownBy(() -> Waiting.forResult(tooLittle))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("100000");

        desks.get(2).loop.kill();
        CompletableFuture<RepairReport> silent = repair.pauseAsync("queue", List.of(id(1), id(3)));
        settled(silent);
        assertThatThrownBy(() -> Waiting.forResult(silent))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining(id(3).toString());
        assertThat(done(repair.pauseAsync("queue", List.of())).silent()).containsExactly(id(3));
    }

    @Test
    void everyPriorityAndEveryWorkHasItsMeasures() {
        Desk desk = desks.get(0);
        desk.owes(40, Priority.UNDER_REPLICATED);
        pass(Duration.ofSeconds(3));
        List<Measure> measures = desk.desk.measures();
        assertThat(measures)
                .filteredOn(measure -> measure.name().equals("kepler_repair_queue_tasks"))
                .hasSize(Priority.values().length)
                .extracting(Measure::labels)
                .contains("priority=\"under-replicated\"", "priority=\"small\"");
        assertThat(measures)
                .filteredOn(measure -> measure.name().equals("kepler_repair_under_replicated_chunks"))
                .singleElement()
                .satisfies(measure -> assertThat(measure.value()).isEqualTo(40));
        assertThat(measures)
                .filteredOn(measure -> measure.name().equals("kepler_repair_running"))
                .singleElement()
                .satisfies(measure ->
                        assertThat(measure.labels() + measure.value()).isEqualTo("work=\"queue\"1.0"));
    }
}
