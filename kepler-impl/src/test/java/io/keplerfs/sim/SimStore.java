package io.keplerfs.sim;

import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Registers and settings of one simulated node. Transactions are applied in the order of their calls and become durable together,
 * one virtual fsync after the other; a crash loses what was not durable. Reads see what is durable.
 */
public final class SimStore implements Store {
    /** Deliberate lies of a disk, for tests of the tests. */
    public enum Lie {
        /** Says "durable" at once. */
        ACK_BEFORE_DURABLE,
        /** A promise alone is kept in memory only. */
        PROMISE_NOT_SYNCED,
        /** A promise alone is not kept at all. */
        PROMISE_DROPPED,
        /** What an owner remembers of past writes is not kept. */
        MEMORY_DROPPED,
        /** A promise that comes along with an accept is not kept over a crash. */
        CARRY_NOT_SYNCED
    }

    private record Commit(SimTables changes, Runnable acknowledge, Runnable fail) {}

    private final SimLoop world;
    private final NodeId node;
    private final long maxSyncNanos;
    private final Set<Lie> lies;
    private final Consumer<RegisterRow> observer;
    private final SplittableRandom random;
    private final SimTables durable;
    private final SimTables current;
    private final List<Commit> waiting = new ArrayList<>();
    private final List<Commit> syncing = new ArrayList<>();
    private boolean crashed;
    private boolean starting;
    private long stallNanos;
    private boolean breaks;
    private boolean broken;

    /** @param observer sees every register row that is put, for invariants */
    public SimStore(SimLoop world, NodeId node, long maxSyncNanos, Set<Lie> lies, Consumer<RegisterRow> observer) {
        this(world, node, maxSyncNanos, lies, observer, new SimTables());
    }

    private SimStore(
            SimLoop world,
            NodeId node,
            long maxSyncNanos,
            Set<Lie> lies,
            Consumer<RegisterRow> observer,
            SimTables durable) {
        this.world = world;
        this.node = node;
        this.maxSyncNanos = maxSyncNanos;
        this.lies = lies;
        this.observer = observer;
        this.random = world.fork();
        this.durable = durable;
        this.current = new SimTables(durable);
    }

    /** Power cut: of the commit under way any beginning may have reached the disk. Returns the store of the next life. */
    public SimStore crash() {
        crashed = true;
        int survived = syncing.isEmpty() ? 0 : random.nextInt(syncing.size() + 1);
        syncing.subList(0, survived).forEach(commit -> persist(commit.changes()));
        return new SimStore(world, node, maxSyncNanos, lies, observer, durable);
    }

    /** The next fsync takes this much longer. */
    void stall(Duration time) {
        stallNanos = time.toNanos();
    }

    /** The next commit fails, and nothing can be written from then on; how much of it reached the disk is a matter of chance. */
    void failNextCommit() {
        breaks = true;
    }

    boolean breaks() {
        return breaks;
    }

    boolean isBroken() {
        return broken;
    }

    private void breakDown() {
        broken = true;
        List<Commit> lost = new ArrayList<>(syncing);
        lost.addAll(waiting);
        int survived = random.nextInt(syncing.size() + 1);
        syncing.subList(0, survived).forEach(commit -> persist(commit.changes()));
        syncing.clear();
        waiting.clear();
        lost.forEach(commit -> commit.fail().run());
    }

    private static IllegalStateException inputOutputError() {
        return new IllegalStateException("input/output error");
    }

    @Override
    public NodeId nodeId() {
        return node;
    }

    @Override
    public <T> CompletableFuture<T> write(Function<Transaction, T> transaction) {
        CompletableFuture<T> done = new CompletableFuture<>();
        world.after(0, () -> {
            if (!crashed) {
                apply(transaction, done);
            }
        });
        return done;
    }

    private <T> void apply(Function<Transaction, T> transaction, CompletableFuture<T> done) {
        if (broken) {
            done.completeExceptionally(inputOutputError());
            return;
        }
        SimTables changes = new SimTables();
        T result;
        try {
            result = transaction.apply(new SimTransaction(current, changes));
        } catch (RuntimeException thrown) {
            done.completeExceptionally(thrown);
            return;
        }
        changes.registers().values().forEach(observer);
        current.putAll(remembered(changes));
        waiting.add(new Commit(
                remembered(changes),
                () -> done.complete(result),
                () -> done.completeExceptionally(inputOutputError())));
        if (lies.contains(Lie.ACK_BEFORE_DURABLE)) {
            done.complete(result);
        }
        sync();
    }

    private void sync() {
        if (!syncing.isEmpty() || waiting.isEmpty()) {
            return;
        }
        syncing.addAll(waiting);
        waiting.clear();
        long nanos = random.nextLong(10_000, maxSyncNanos + 10_001) + stallNanos;
        stallNanos = 0;
        world.after(nanos, () -> {
            if (crashed) {
                return;
            } else if (breaks) {
                breakDown();
                return;
            }
            List<Commit> committed = List.copyOf(syncing);
            syncing.clear();
            committed.forEach(commit -> persist(commit.changes()));
            committed.forEach(commit -> commit.acknowledge().run());
            sync();
        });
    }

    private void persist(SimTables changes) {
        SimTables kept = new SimTables(changes);
        if (lies.contains(Lie.PROMISE_NOT_SYNCED)) {
            kept.registers().values().removeIf(this::isPromiseAlone);
        }
        if (lies.contains(Lie.CARRY_NOT_SYNCED)) {
            kept.registers().replaceAll((key, row) -> isPromiseAlone(row) ? row : withoutCarriedPromise(row));
        }
        durable.putAll(kept);
    }

    private static RegisterRow withoutCarriedPromise(RegisterRow row) {
        return new RegisterRow(row.key(), row.accepted(), row.accepted(), row.value(), row.memory());
    }

    private boolean isPromiseAlone(RegisterRow row) {
        return durable.register(row.key()).accepted().equals(row.accepted());
    }

    private SimTables remembered(SimTables changes) {
        SimTables kept = new SimTables(changes);
        if (lies.contains(Lie.PROMISE_DROPPED)) {
            kept.registers()
                    .values()
                    .removeIf(row -> current.register(row.key()).accepted().equals(row.accepted()));
        }
        if (lies.contains(Lie.MEMORY_DROPPED)) {
            kept.registers()
                    .replaceAll((key, row) ->
                            new RegisterRow(key, row.promised(), row.accepted(), row.value(), new byte[0]));
        }
        return kept;
    }

    @Override
    public <T> CompletableFuture<T> read(Function<Snapshot, T> query) {
        CompletableFuture<T> done = new CompletableFuture<>();
        if (starting) {
            done.complete(query.apply(new SimTransaction(durable, new SimTables())));
            return done;
        }
        world.after(random.nextLong(10_000, 100_000), () -> {
            if (crashed) {
                return;
            }
            T result;
            try {
                result = query.apply(new SimTransaction(durable, new SimTables()));
            } catch (RuntimeException thrown) {
                done.completeExceptionally(thrown);
                return;
            }
            done.complete(result);
        });
        return done;
    }

    /** Reads in here take no time, because a node that starts waits for them. */
    void whileStarting(Runnable load) {
        starting = true;
        load.run();
        starting = false;
    }

    /** What is on the disk. */
    public RegisterRow onDisk(RegisterKey key) {
        return durable.register(key);
    }

    @Override
    public CompletableFuture<Void> writeChunk(ChunkId id, ByteBuffer bytes) {
        throw new UnsupportedOperationException("no chunks here");
    }

    @Override
    public CompletableFuture<ByteBuffer> readChunk(ChunkId id, int offset, ByteBuffer into, boolean verifyHash) {
        throw new UnsupportedOperationException("no chunks here");
    }

    @Override
    public CompletableFuture<Integer> collect(List<ChunkId> chunks) {
        throw new UnsupportedOperationException("no chunks here");
    }

    @Override
    public CompletableFuture<Boolean> restore(ChunkId chunk) {
        throw new UnsupportedOperationException("no chunks here");
    }

    @Override
    public CompletableFuture<Integer> purge(long trashedUntilMillis) {
        throw new UnsupportedOperationException("no chunks here");
    }

    @Override
    public CompletableFuture<Integer> reconcile(int slice) {
        throw new UnsupportedOperationException("no chunks here");
    }

    @Override
    public Usage usage() {
        return new Usage(0, 0, Long.MAX_VALUE);
    }

    @Override
    public Optional<String> failed() {
        return Optional.empty();
    }

    @Override
    public void close() {
        crashed = true;
    }
}
