package io.keplerfs.files;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.IndeterminateException;
import io.keplerfs.UnavailableException;
import io.keplerfs.memory.MemoryStore;
import io.keplerfs.register.Change;
import io.keplerfs.register.HybridClock;
import io.keplerfs.replication.ReplicationQueue;
import io.keplerfs.sim.SimLoop;
import io.keplerfs.sim.SimNetwork;
import io.keplerfs.sim.SimProcess;
import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.Store;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

/** What a fast write leaves on the disk; nobody is there to deliver it to. */
class FastWritesTest {
    private static final NodeId SELF = new NodeId(new UUID(0, 1));
    private static final RegisterKey KEY = new RegisterKey("files", 0, "key");
    private static final VersionId VERSION = new VersionId(new UUID(3, 4));

    private final SimLoop world = new SimLoop(1);
    private final SimProcess loop = new SimProcess(world, 0);
    private final Store store = new MemoryStore(SELF, Runnable::run);
    private final FastWrites fast = fastWrites();

    @SuppressWarnings("NullAway")
    private FastWrites fastWrites() {
        var rpc = new SimNetwork(world, SimNetwork.Weather.FINE).attach(SELF, loop);
        CompletableFuture<HybridClock> clock = HybridClock.open(loop, store, SELF);
        world.runUntil(clock::isDone, Duration.ofSeconds(1));
        ReplicationQueue queue = new ReplicationQueue(loop, rpc, store, Set::of);
        Node node = new Node(loop, rpc, store, null, null, null, null, queue, null, null, null);
        return new FastWrites(node, clock.join(), null, new SeenVersions());
    }

    private List<QueueRow> tasks() {
        return store.read(tables -> tables.due(SELF, Long.MAX_VALUE, 10)).join();
    }

    private List<IntentRow> intents() {
        return store.read(tables -> tables.intents(KEY)).join();
    }

    private void write() {
        Change.Write tombstone = new Change.Write(Manifest.tombstone(OptionalLong.empty()), true);
        var written = fast.write(
                KEY,
                VERSION,
                tombstone,
                // What is there when the transaction of the write itself ends.
                tables -> assertThat(tables.due(SELF, Long.MAX_VALUE, 10)).hasSameSizeAs(tables.intents(KEY)));
        world.runUntil(written::isDone, Duration.ofSeconds(1));
        assertThat(written).isCompleted();
    }

    @Test
    void aWriteAndTheTaskToDeliverItAreDurableTogether() {
        write();

        assertThat(intents()).hasSize(1);
        assertThat(tasks()).hasSize(1);
    }

    @Test
    void aWriteWithoutATaskGetsOneAtTheNextStart() {
        write();
        List<QueueRow> before = tasks();
        store.write(tables -> {
                    before.forEach(task -> tables.dequeue(task.kind(), task.id(), task.target()));
                    return true;
                })
                .join();
        assertThat(tasks()).isEmpty();

        fast.start();
        fast.start();

        assertThat(tasks())
                .singleElement()
                .satisfies(task -> assertThat(task.id()).isEqualTo(before.get(0).id()));
    }

    @Test
    void aDiskThatFailsLeavesItOpenWhetherTheWriteWillAppear() {
        store.close();
        Change.Write write = new Change.Write(Manifest.tombstone(OptionalLong.empty()), true);
        var written = fast.write(KEY, VERSION, write, tables -> {});
        world.runUntil(written::isDone, Duration.ofSeconds(1));

        assertThat(written)
                .failsWithin(Duration.ZERO)
                .withThrowableOfType(ExecutionException.class)
                .havingCause()
                .isInstanceOfSatisfying(
                        IndeterminateException.class,
                        maybe -> assertThat(maybe.version()).isEqualTo(VERSION));
    }

    @Test
    @SuppressWarnings("NullAway")
    void aDiskThatCannotBeReadMakesALocalReadUnavailable() {
        store.close();
        Node node = new Node(loop, null, store, null, null, null, null, null, null, null, null);

        assertThat(node.read(tables -> VersionReader.localValue(tables, KEY)))
                .failsWithin(Duration.ZERO)
                .withThrowableOfType(ExecutionException.class)
                .withCauseInstanceOf(UnavailableException.class);
    }
}
