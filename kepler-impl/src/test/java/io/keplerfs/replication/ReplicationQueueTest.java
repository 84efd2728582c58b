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
import io.keplerfs.values.Backlog;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import io.keplerfs.values.VersionId;
import io.keplerfs.view.Views;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
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
        long now = new SimProcess(world, 0).wallMillis();
        NodeId away = new NodeId(new UUID(9, 9));
        store.write(tables -> {
            tables.enqueue(new QueueRow("greet", new byte[1], away, 1, "overdue, and out of reach", 0, 0, now - 1_000));
            for (byte hours = 1; hours <= 8; hours++) {
                long millis = now + Duration.ofHours(hours).toMillis();
                tables.enqueue(new QueueRow("greet", new byte[] {hours}, OTHER, 1, "clock ahead", 0, 0, millis));
            }
            return true;
        });
        SimProcess loop = new SimProcess(world, 0);
        ReplicationQueue queue = new ReplicationQueue(loop, rpc(loop), store, () -> Set.of(OTHER, away));
        queue.deliverWith("greet", task -> CompletableFuture.completedFuture(null));
        queue.start();

        pass(Duration.ofMinutes(1));

        assertThat(store.read(Store.Snapshot::queued).join())
                .as("what is out of reach")
                .isEqualTo(1);
    }

    @Test
    void aChunkMovesOnlyWhileThisNodeStillReferencesIt() {
        SimProcess loop = new SimProcess(world, 0);
        Rpc rpc = rpc(loop);
        Views views = new Views(loop, rpc, store);
        ReplicationQueue queue = new ReplicationQueue(loop, rpc, store, () -> Set.of(OTHER));
        ChunkDelivery delivery = new ChunkDelivery(loop, rpc, store, queue, views, new Bandwidth(loop, 1 << 20));
        queue.start();
        ChunkRef chunk = new ChunkRef(ChunkId.of(ByteBuffer.allocate(10)), 10);

        queue.add(delivery.moves(chunk, PIN, List.of(OTHER), Priority.MOVE));
        pass(Duration.ofSeconds(5));
        assertThat(asked).isEmpty();
        assertThat(store.read(Store.Snapshot::queued).join()).isZero();

        store.write(tables -> tables.pin(chunk.id(), PIN));
        queue.add(delivery.moves(chunk, PIN, List.of(OTHER), Priority.MOVE));
        pass(Duration.ofSeconds(5));
        assertThat(asked).containsExactly("pin");
        assertThat(store.read(Store.Snapshot::queued).join()).isZero();
    }

    private static byte[] copyId(int number) {
        byte[] id = new byte[ChunkId.BYTES];
        id[0] = (byte) number;
        return id;
    }

    private static QueueRow copy(ReplicationQueue queue, int number, NodeId target, Priority priority, long bytes) {
        return queue.task("copy", copyId(number), target, 1, "test").copying(priority, bytes);
    }

    /** Deliveries that end when the test says so. */
    private final Map<QueueRow, CompletableFuture<Void>> underWay = new LinkedHashMap<>();

    private CompletableFuture<Void> hold(QueueRow task) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        underWay.put(task, done);
        return done;
    }

    private List<Integer> numbersUnderWay() {
        return underWay.keySet().stream().map(task -> (int) task.id()[0]).toList();
    }

    private void endAll() {
        List<CompletableFuture<Void>> ending = List.copyOf(underWay.values());
        underWay.clear();
        ending.forEach(one -> one.complete(null));
    }

    private ReplicationQueue holding(int targets) {
        SimProcess loop = new SimProcess(world, 0);
        Rpc rpc = rpc(loop);
        Set<NodeId> all = new LinkedHashSet<>();
        for (int i = 0; i < targets; i++) {
            NodeId target = new NodeId(new UUID(1, i));
            network.attach(target, loop);
            all.add(target);
        }
        all.add(OTHER);
        ReplicationQueue queue = new ReplicationQueue(loop, rpc, store, () -> all);
        queue.deliverWith("copy", this::hold);
        queue.deliverWith("greet", this::hold);
        queue.start();
        return queue;
    }

    @Test
    void theMostUrgentCopiesGoFirst() {
        ReplicationQueue queue = holding(0);
        queue.pauseCopies();
        List<QueueRow> tasks = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            tasks.add(copy(queue, 30 + i, OTHER, Priority.MOVE, 10));
            tasks.add(copy(queue, 20 + i, OTHER, Priority.UNDER_REPLICATED, 10));
            tasks.add(copy(queue, 40 + i, OTHER, Priority.OTHER, 10));
        }
        tasks.add(copy(queue, 1, OTHER, Priority.ONE_COPY_LEFT, 10));
        queue.add(tasks);
        pass(Duration.ofSeconds(2));
        assertThat(underWay).as("while copies are paused").isEmpty();

        queue.resumeCopies();
        pass(Duration.ofSeconds(2));
        assertThat(numbersUnderWay()).containsExactly(1, 20, 21, 22);
        endAll();
        pass(Duration.ofSeconds(2));
        assertThat(numbersUnderWay()).containsExactly(23, 30, 31, 32);
        endAll();
        pass(Duration.ofSeconds(2));
        assertThat(numbersUnderWay()).containsExactly(33, 40, 41, 42);
    }

    @Test
    void smallTasksAndCopiesDoNotWaitForEachOther() {
        ReplicationQueue queue = holding(0);
        for (int i = 0; i < 20; i++) {
            queue.add(List.of(copy(queue, i, OTHER, Priority.ONE_COPY_LEFT, 10)));
        }
        pass(Duration.ofSeconds(1));
        assertThat(underWay).hasSize(4);
        queue.pauseCopies();
        queue.add(List.of(queue.task("greet", new byte[] {99}, OTHER, 1, "test")));
        pass(Duration.ofSeconds(1));
        assertThat(numbersUnderWay()).hasSize(5).contains(99);

        endAll();
        queue.resumeCopies();
        for (int i = 0; i < 50; i++) {
            queue.add(List.of(queue.task("greet", new byte[] {(byte) i, 1}, OTHER, 1, "test")));
        }
        pass(Duration.ofSeconds(1));
        assertThat(underWay.keySet())
                .filteredOn(task -> task.kind().equals("copy"))
                .hasSize(4);
        assertThat(underWay.keySet())
                .filteredOn(task -> task.kind().equals("greet"))
                .hasSize(8);
    }

    @Test
    void copiesForAllTargetsTogetherAreBoundedAndEveryTargetGetsItsTurn() {
        ReplicationQueue queue = holding(10);
        for (int target = 0; target < 10; target++) {
            for (int i = 0; i < 8; i++) {
                queue.add(List.of(copy(queue, target * 10 + i, new NodeId(new UUID(1, target)), Priority.MOVE, 1_000)));
            }
        }
        Set<NodeId> served = new LinkedHashSet<>();
        for (int round = 0; round < 5; round++) {
            pass(Duration.ofSeconds(1));
            assertThat(underWay).hasSize(CopyWindow.MOST_COPIES);
            underWay.keySet().forEach(task -> served.add(task.target()));
            endAll();
            if (round == 2) {
                assertThat(served).as("targets served after three rounds").hasSize(10);
            }
        }
        pass(Duration.ofSeconds(1));
        assertThat(store.read(Store.Snapshot::queued).join()).isZero();
        assertThat(queue.copiesDone()).isEqualTo(80);
        assertThat(queue.bytesDone()).isEqualTo(80_000);
    }

    @Test
    void copiesUnderWayAreBoundedByTheirBytesButOneAlwaysGoes() {
        ReplicationQueue queue = holding(0);
        for (int i = 0; i < 4; i++) {
            queue.add(List.of(copy(queue, i, OTHER, Priority.MOVE, CopyWindow.MOST_BYTES / 2 - 1)));
        }
        queue.add(List.of(copy(queue, 9, OTHER, Priority.OTHER, CopyWindow.MOST_BYTES * 2)));
        pass(Duration.ofSeconds(2));
        assertThat(numbersUnderWay()).containsExactly(0, 1);
        endAll();
        pass(Duration.ofSeconds(2));
        assertThat(numbersUnderWay()).containsExactly(2, 3);
        endAll();
        pass(Duration.ofSeconds(2));
        assertThat(numbersUnderWay()).containsExactly(9);
    }

    @Test
    void aTargetWhoseCopiesFailGetsOneAtATimeUntilOneSucceeds() {
        ReplicationQueue queue = holding(0);
        for (int i = 0; i < 12; i++) {
            queue.add(List.of(copy(queue, i, OTHER, Priority.MOVE, 10)));
        }
        pass(Duration.ofSeconds(1));
        assertThat(underWay).hasSize(4);
        List<CompletableFuture<Void>> failing = List.copyOf(underWay.values());
        underWay.clear();
        failing.forEach(one -> one.completeExceptionally(new IllegalStateException("its disk is full")));
        pass(Duration.ofSeconds(1));
        assertThat(underWay).hasSize(1);
        endAll();
        pass(Duration.ofSeconds(1));
        assertThat(underWay).hasSize(4);
    }

    private void enqueue(int tasks, NodeId target, Priority priority) {
        store.write(tables -> {
            for (int i = 0; i < tasks; i++) {
                byte[] id = ByteBuffer.allocate(ChunkId.BYTES).putInt(0, i).array();
                tables.enqueue(new QueueRow("copy", id, target, 1, "test", 0, 0, i).copying(priority, 0));
            }
            return true;
        });
    }

    @Test
    void tasksForNodesThatHaveLeftGoWhateverWaitsForMembersOutOfReach() {
        NodeId gone = new NodeId(new UUID(9, 9));
        NodeId away = new NodeId(new UUID(1, 0));
        enqueue(3_000, away, Priority.MOVE);
        enqueue(3_000, gone, Priority.MOVE);
        network.cut(SELF, away);
        holding(1);
        pass(Duration.ofSeconds(5));
        assertThat(store.read(tables -> tables.due(gone, Long.MAX_VALUE, 1)).join())
                .isEmpty();
        assertThat(store.read(tables -> tables.due(away, Long.MAX_VALUE, 10_000))
                        .join())
                .hasSize(3_000);
    }

    @Test
    void aNodeThatHasLeftKeepsWhatItOwesItself() {
        enqueue(1, SELF, Priority.SMALL);
        holding(1);
        pass(Duration.ofSeconds(5));
        assertThat(underWay).hasSize(1);
    }

    @Test
    void theQueueIsLongByCopiesForTargetsWithinReachAlone() {
        NodeId away = new NodeId(new UUID(1, 0));
        enqueue((int) ReplicationQueue.LONG, away, Priority.MOVE);
        network.cut(SELF, away);
        ReplicationQueue queue = holding(1);
        queue.pauseCopies();
        pass(Duration.ofSeconds(1));
        assertThat(queue.waiting()).isEqualTo(ReplicationQueue.LONG);
        assertThat(queue.isLong()).isFalse();
        network.heal();
        pass(Duration.ofSeconds(1));
        assertThat(queue.isLong()).isTrue();
    }

    @Test
    void aTaskThatIsAddedAnewDuringItsDeliveryKeepsItsPausesWhenItFails() {
        SimProcess loop = new SimProcess(world, 0);
        ReplicationQueue queue = new ReplicationQueue(loop, rpc(loop), store, () -> Set.of(OTHER));
        List<Long> tries = new ArrayList<>();
        queue.deliverWith("greet", task -> {
            tries.add(world.nowNanos());
            return queue.add(List.of(queue.task("greet", new byte[1], OTHER, 1, "again")))
                    .thenCompose(added -> CompletableFuture.failedFuture(new IllegalStateException("not yet")));
        });
        queue.start();
        queue.add(List.of(queue.task("greet", new byte[1], OTHER, 1, "test")));
        pass(Duration.ofMinutes(2));
        assertThat(tries).hasSizeBetween(3, 10);
    }

    @Test
    void urgentCopiesThatFailDoNotKeepTheOthersOfTheirTargetWaiting() {
        SimProcess loop = new SimProcess(world, 0);
        ReplicationQueue queue = new ReplicationQueue(loop, rpc(loop), store, () -> Set.of(OTHER));
        queue.deliverWith(
                "copy",
                task -> task.priority() == Priority.MOVE
                        ? CompletableFuture.completedFuture(null)
                        : CompletableFuture.failedFuture(new IllegalStateException("nobody has it now")));
        queue.start();
        List<QueueRow> tasks = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            tasks.add(copy(queue, i, OTHER, i < 50 ? Priority.ONE_COPY_LEFT : Priority.MOVE, 10));
        }
        queue.add(tasks);
        pass(Duration.ofMinutes(1));
        assertThat(queue.copiesDone()).isEqualTo(10);
    }

    @Test
    void aDeliveryThatHangsDoesNotHoldItsLaneUpForEver() {
        ReplicationQueue queue = holding(0);
        queue.add(List.of(queue.task("greet", new byte[] {1}, OTHER, 1, "hangs")));
        pass(Duration.ofSeconds(1));
        queue.add(List.of(queue.task("greet", new byte[] {2}, OTHER, 1, "waits behind it")));
        pass(Duration.ofSeconds(1));
        assertThat(numbersUnderWay()).containsExactly(1);
        underWay.clear();
        pass(ReplicationQueue.LONGEST_DELIVERY);
        assertThat(numbersUnderWay()).contains(2);
    }

    @Test
    void hurriedTasksAreTriedAgainAtOnce() {
        SimProcess loop = new SimProcess(world, 0);
        List<Long> tries = new ArrayList<>();
        ReplicationQueue queue = queue(loop, task -> {
            tries.add(world.nowNanos());
            return CompletableFuture.failedFuture(new IllegalStateException("not yet"));
        });
        queue.add(List.of(queue.task("greet", new byte[1], OTHER, 1, "test")));
        pass(Duration.ofMinutes(10));
        int before = tries.size();
        pass(Duration.ofSeconds(5));
        assertThat(tries).hasSize(before);

        queue.hurry();
        pass(Duration.ofSeconds(1));
        assertThat(tries).hasSize(before + 1);
    }

    /** The store, but what needs the sum of the backlog takes so long. */
    @SuppressWarnings("unchecked")
    private Store slowSums(List<Long> sums, Duration time) {
        return (Store) Proxy.newProxyInstance(
                Store.class.getClassLoader(), new Class<?>[] {Store.class}, (proxy, method, arguments) -> {
                    if (!method.getName().equals("read")) {
                        return method.invoke(store, arguments);
                    }
                    int before = sums.size();
                    CompletableFuture<Object> seen =
                            store.read(tables -> ((Function<Store.Snapshot, Object>) arguments[0])
                                    .apply((Store.Snapshot) Proxy.newProxyInstance(
                                            Store.class.getClassLoader(),
                                            new Class<?>[] {Store.Snapshot.class},
                                            (snapshot, call, with) -> {
                                                if (call.getName().equals("backlog")) {
                                                    sums.add(world.nowNanos());
                                                }
                                                return call.invoke(tables, with);
                                            })));
                    if (sums.size() == before) {
                        return seen;
                    }
                    CompletableFuture<Object> later = new CompletableFuture<>();
                    world.after(time, () -> later.complete(seen.join()));
                    return later;
                });
    }

    @Test
    void deliveriesDoNotWaitForASumThatTakesLongAndWhichIsSeldomMade() {
        SimProcess loop = new SimProcess(world, 0);
        List<Long> sums = new ArrayList<>();
        ReplicationQueue queue =
                new ReplicationQueue(loop, rpc(loop), slowSums(sums, Duration.ofSeconds(3)), () -> Set.of(OTHER));
        queue.deliverWith("copy", this::hold);
        queue.deliverWith("greet", this::hold);
        enqueue(2_000, OTHER, Priority.MOVE);
        queue.start();
        pass(Duration.ofSeconds(1));
        assertThat(underWay).hasSize(4);
        queue.add(List.of(queue.task("greet", new byte[] {99}, OTHER, 1, "test")));
        pass(Duration.ofSeconds(1));
        assertThat(numbersUnderWay()).hasSize(5).contains(99);
        pass(Duration.ofMinutes(2));
        assertThat(sums).as("once in 33 seconds").hasSizeBetween(3, 4);
    }

    @Test
    void theBacklogIsKnownWithinSeconds() {
        ReplicationQueue queue = holding(0);
        queue.add(List.of(
                copy(queue, 1, OTHER, Priority.ONE_COPY_LEFT, 1_000),
                copy(queue, 2, OTHER, Priority.MOVE, 500),
                queue.task("greet", new byte[] {99}, OTHER, 1, "test")));
        pass(Duration.ofSeconds(1));
        assertThat(Backlog.shortChunks(queue.backlog())).isEqualTo(1);
        assertThat(Backlog.copies(queue.backlog())).isEqualTo(2);
        assertThat(Backlog.bytes(queue.backlog())).isEqualTo(1_500);
        endAll();
        pass(Duration.ofSeconds(2));
        assertThat(queue.backlog()).isEmpty();
    }
}
