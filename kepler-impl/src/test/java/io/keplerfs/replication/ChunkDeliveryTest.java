package io.keplerfs.replication;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.memory.MemoryStore;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.sim.SimLoop;
import io.keplerfs.sim.SimNetwork;
import io.keplerfs.sim.SimProcess;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.TransportException;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import io.keplerfs.values.VersionId;
import io.keplerfs.view.View;
import io.keplerfs.view.ViewMember;
import io.keplerfs.view.Views;
import io.keplerfs.wire.WireWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** One node owes a chunk that it does not have to one of two owners; the other is the source. */
class ChunkDeliveryTest {
    private static final NodeId SELF = new NodeId(new UUID(0, 1));
    private static final NodeId TARGET = new NodeId(new UUID(0, 2));
    private static final NodeId SOURCE = new NodeId(new UUID(0, 3));
    private static final Pin PIN = new Pin(new VersionId(new UUID(5, 6)), "files", "key");
    private static final ByteBuffer BYTES = ByteBuffer.allocate(4_000_000);

    private final SimLoop world = new SimLoop(1);
    private final SimNetwork network = new SimNetwork(world, SimNetwork.Weather.FINE);
    private final SimProcess loop = new SimProcess(world, 0);
    private final Store store = new MemoryStore(SELF, Runnable::run);
    private final Bandwidth bandwidth = new Bandwidth(loop, Bandwidth.LEAST);
    private ReplicationQueue queue;
    private int pins;
    private int puts;
    private boolean sourceAnswers;
    private boolean targetStores;
    private NodeId target = TARGET;
    private List<NodeId> members = List.of(TARGET, SOURCE);

    private void begin() {
        Rpc rpc = network.attach(SELF, loop);
        new ChunkOwner(rpc, store, 1 << 23, (tables, upload) -> false);
        Rpc source = network.attach(SOURCE, loop);
        source.serve(Kind.CHUNK_GET, (from, head, body, responder) -> {
            if (sourceAnswers) {
                responder.respond(
                        new Message(ChunkMessages.code(ChunkMessages.HERE).head(), BYTES.duplicate()));
            } else {
                responder.fail("its disk does not answer");
            }
        });
        Rpc other = network.attach(TARGET, loop);
        other.serve(Kind.PIN, (from, head, body, responder) -> {
            pins++;
            responder.respond(ChunkMessages.code(ChunkMessages.NEEDED));
        });
        other.serve(
                Kind.CHUNK_GET,
                (from, head, body, responder) -> responder.respond(ChunkMessages.code(ChunkMessages.MISSING)));
        other.serve(Kind.CHUNK_PUT, (from, head, body, responder) -> {
            puts++;
            if (targetStores) {
                responder.respond(ChunkMessages.code(0));
            } else {
                responder.fail("its disk fails");
            }
        });
        queue = new ReplicationQueue(loop, rpc, store, () -> Set.of(TARGET, SOURCE));
        ChunkDelivery delivery = new ChunkDelivery(loop, rpc, store, queue, views(rpc), bandwidth);
        queue.start();
        delivery.owe(new ChunkRef(ChunkId.of(BYTES.duplicate()), 4_000_000), PIN, List.of(target), "test");
    }

    private Views views(Rpc rpc) {
        UUID cluster = new UUID(7, 7);
        View view = new View(
                cluster, 3, 5, members.stream().map(ChunkDeliveryTest::member).toList());
        WireWriter ownership = new WireWriter();
        view.write(ownership);
        ownership.bool(false).list(view.ids(), WireWriter::node);
        store.write(tables -> {
            tables.putSetting("cluster", new WireWriter().uuid(cluster).toBytes());
            tables.putSetting("ownership", ownership.toBytes());
            return true;
        });
        Views views = new Views(loop, rpc, store);
        views.load();
        return views;
    }

    private static ViewMember member(NodeId id) {
        NodeAddress address = new NodeAddress("n", 0, 1, 1);
        return ViewMember.of(new MemberInfo(id, "n", "", 1, address, 1, MemberState.ALIVE));
    }

    private void pass(Duration time) {
        world.runUntil(() -> false, time);
    }

    @Test
    void aCopyThatItsTargetCannotStoreIsTriedLessAndLessOften() {
        bandwidth.throttle(Bandwidth.MOST);
        sourceAnswers = true;
        begin();
        pass(Duration.ofMinutes(2));
        assertThat(puts).isBetween(3, 10);
    }

    @Test
    void aCopyThatSucceedsIsMadeAndCountedOnce() {
        sourceAnswers = true;
        targetStores = true;
        begin();
        pass(Duration.ofMinutes(2));
        assertThat(pins).isEqualTo(1);
        assertThat(queue.copiesDone()).isEqualTo(1);
        assertThat(store.read(Store.Snapshot::queued).join()).isZero();
    }

    @Test
    void aCopyWithoutASourceIsTriedLessAndLessOftenAndPaysNothing() {
        begin();
        pass(Duration.ofMinutes(2));
        assertThat(pins).isBetween(3, 10);
        assertThat(bandwidth.take(Priority.MOVE, 1)).as("the line is free").isDone();
    }

    @Test
    void nobodyWaitsLongForATargetThatCouldNotBeReached() {
        sourceAnswers = true;
        targetStores = true;
        begin();
        boolean[] away = {true};
        queue.deliverWith(
                "greet",
                task -> away[0]
                        ? CompletableFuture.failedFuture(TransportException.notDelivered("no connection", null))
                        : CompletableFuture.completedFuture(null));
        queue.add(List.of(queue.task("greet", new byte[1], TARGET, 1, "test")));
        pass(Duration.ofMinutes(10));
        away[0] = false;
        pass(Duration.ofSeconds(3));
        assertThat(store.read(Store.Snapshot::queued).join()).isZero();
    }

    @Test
    void aCopyThatNobodyCanBeAskedForFailsAtOnce() {
        members = List.of(SELF);
        target = SELF;
        begin();
        pass(Duration.ofSeconds(20));
        assertThat(store.read(tables -> tables.due(SELF, Long.MAX_VALUE, 1)).join())
                .singleElement()
                .satisfies(task -> assertThat(task.attempts()).isBetween(3, 6));
    }
}
