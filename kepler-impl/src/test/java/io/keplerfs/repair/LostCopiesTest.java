package io.keplerfs.repair;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.memory.MemoryStore;
import io.keplerfs.repair.Recovery.Outcome;
import io.keplerfs.replication.Bandwidth;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.replication.ChunkOwner;
import io.keplerfs.replication.ReplicationQueue;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.sim.SimLoop;
import io.keplerfs.sim.SimNetwork;
import io.keplerfs.sim.SimProcess;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import io.keplerfs.values.VersionId;
import io.keplerfs.view.Views;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What one of three owners makes of a copy that it has lost, under virtual time; nothing is delivered. */
class LostCopiesTest {
    private static final NodeId SELF = id(1);
    private static final Pin PIN = new Pin(new VersionId(new UUID(1, 1)), "files", "key");
    private static final ByteBuffer BYTES = ByteBuffer.wrap(new byte[] {1, 2, 3});
    private static final ChunkId CHUNK = ChunkId.of(BYTES.duplicate());

    private final SimLoop world = new SimLoop(1);
    private final SimNetwork network = new SimNetwork(world, SimNetwork.Weather.FINE);
    private final SimProcess loop = new SimProcess(world, 0);
    private final Set<ChunkId> quarantined = new HashSet<>(Set.of(CHUNK));
    private final Store store = quarantining(new MemoryStore(SELF, Runnable::run), quarantined);
    private final Rpc rpc = network.attach(SELF, loop);
    private final ReplicationQueue queue = new ReplicationQueue(loop, rpc, store, () -> Set.of(id(2)));
    private int asked;

    private static NodeId id(long number) {
        return new NodeId(new UUID(0, number));
    }

    /** The same store, but what it holds of these chunks is in quarantine. */
    static Store quarantining(Store store, Set<ChunkId> chunks) {
        return proxy(Store.class, store, (name, given) -> {
            if (name.equals("read")) {
                Function<Store.Snapshot, ?> query = cast(given[0]);
                return store.read(tables -> query.apply(quarantining(tables, chunks)));
            }
            return null;
        });
    }

    private static Store.Snapshot quarantining(Store.Snapshot tables, Set<ChunkId> chunks) {
        return proxy(Store.Snapshot.class, tables, (name, given) -> {
            if (name.equals("chunk") && chunks.contains((ChunkId) given[0])) {
                return Optional.of(new ChunkRow((ChunkId) given[0], 3, ChunkRow.State.QUARANTINE));
            } else if (name.equals("chunksAfter")) {
                return tables.chunksAfter((ChunkId) given[0], (Integer) given[1]).stream()
                        .map(row -> chunks.contains(row.id())
                                ? new ChunkRow(row.id(), row.sizeBytes(), ChunkRow.State.QUARANTINE)
                                : row)
                        .toList();
            }
            return null;
        });
    }

    private interface Instead {
        Object of(String name, Object[] given) throws Throwable;
    }

    private static <T> T proxy(Class<T> type, T real, Instead instead) {
        return type.cast(Proxy.newProxyInstance(
                Store.class.getClassLoader(), new Class<?>[] {type}, (proxy, method, given) -> {
                    Object answer = instead.of(method.getName(), given);
                    return answer == null ? method.invoke(real, given) : answer;
                }));
    }

    @SuppressWarnings("unchecked")
    private static Function<Store.Snapshot, ?> cast(Object query) {
        return (Function<Store.Snapshot, ?>) query;
    }

    private Outcome mend() {
        Views views = RepairDeskTest.views(loop, rpc, store, List.of(1L, 2L, 3L));
        ChunkDelivery delivery =
                new ChunkDelivery(loop, rpc, store, queue, views, new Bandwidth(loop, Bandwidth.LEAST));
        new ChunkOwner(rpc, store, Transport.MAX_BODY_BYTES, (tables, upload) -> false);
        for (int peer = 2; peer <= 3; peer++) {
            Store theirs = new MemoryStore(id(peer), Runnable::run);
            theirs.writeChunk(CHUNK, BYTES.duplicate()).join();
            new ChunkOwner(
                    network.attach(id(peer), new SimProcess(world, 0)),
                    theirs,
                    Transport.MAX_BODY_BYTES,
                    (tables, upload) -> false);
        }
        network.courier((from, to, kind) -> {
            asked += kind == Kind.CHUNK_GET && !to.equals(SELF) ? 1 : 0;
            return 0;
        });
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        LostCopies lost = new LostCopies(loop, SELF, store, views, delivery);
        loop.execute(() ->
                lost.mend(new ChunkRow(CHUNK, 3, ChunkRow.State.QUARANTINE)).thenAccept(outcome::complete));
        world.runUntil(outcome::isDone, Duration.ofMinutes(5));
        return outcome.join();
    }

    private void pin() {
        store.write(tables -> tables.pin(CHUNK, PIN)).join();
    }

    private void owe(NodeId target, int tasks) {
        store.write(tables -> {
                    for (int i = 0; i < tasks; i++) {
                        byte[] id = ByteBuffer.allocate(4).putInt(i).array();
                        tables.enqueue(
                                queue.task("other", id, target, 5, "test").copying(Priority.OTHER, 3));
                    }
                    return true;
                })
                .join();
    }

    private List<QueueRow> owedHere() {
        return store.read(tables -> tables.due(SELF, Long.MAX_VALUE, 10_000)).join();
    }

    @Test
    void whatAnotherOwnerHasIsOwedHereHoweverLongTheQueueIs() {
        pin();
        owe(id(2), (int) ReplicationQueue.LONG);
        // Only what waits for a node within reach counts.
        network.attach(id(2), new SimProcess(world, 0));
        loop.execute(queue::start);
        world.runUntil(queue::isLong, Duration.ofMinutes(1));
        assertThat(queue.isLong()).isTrue();

        assertThat(mend()).isEqualTo(Outcome.UNDER_WAY);
        assertThat(owedHere()).hasSize(1);
    }

    @Test
    void whatCannotBeFoundNowIsOwedToo() {
        pin();
        network.cut(SELF, id(2));
        network.cut(SELF, id(3));

        assertThat(mend()).isEqualTo(Outcome.UNKNOWN);
        assertThat(owedHere()).hasSize(1);
    }

    @Test
    void nobodyIsAskedAndNothingOwedWhileTooMuchIs() {
        pin();
        owe(SELF, Mending.MOST_OWED);

        assertThat(mend()).isEqualTo(Outcome.LATER);
        assertThat(owedHere()).hasSize(Mending.MOST_OWED);
        assertThat(asked).isZero();
    }

    @Test
    void whatNoFileNeedsIsNotSought() {
        assertThat(mend()).isEqualTo(Outcome.NOT_NEEDED);
        assertThat(asked).isZero();
        assertThat(owedHere()).isEmpty();
    }

    @Test
    void aMendedCopyIsNotLost() {
        pin();
        quarantined.clear();

        assertThat(mend()).isEqualTo(Outcome.NOT_LOST);
    }
}
