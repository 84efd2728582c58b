package io.keplerfs.memory;

import com.google.common.util.concurrent.MoreExecutors;
import io.keplerfs.memory.MemoryTables.StoredBytes;
import io.keplerfs.spi.ChunkRow.State;
import io.keplerfs.spi.MissingChunkException;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A store that keeps everything in maps and loses it with the process.
 *
 * <p>All work runs one piece after the other, in the order of the calls, on the executor. With a direct executor
 * ({@code Runnable::run}) every future is done when the call returns, unless the call was made inside a function or callback of
 * the same store: then it follows as soon as that has ended. Two runs with the same calls behave alike to the last byte.
 */
public final class MemoryStore implements Store {
    private final NodeId nodeId;
    private final Executor inOrder;
    private final LongSupplier wallMillis;

    // Owned by inOrder.
    private final MemoryTables tables = new MemoryTables();

    private volatile Usage usage = new Usage(0, 0, Long.MAX_VALUE);
    private volatile boolean closed;

    /**
     * @param nodeId whom the store belongs to
     * @param executor runs the work and the callbacks; need not have one thread only
     */
    public MemoryStore(NodeId nodeId, Executor executor) {
        this(nodeId, executor, () -> 1);
    }

    /** @param wallMillis the clock that references and trash are aged by, milliseconds since 1970; used on the executor */
    public MemoryStore(NodeId nodeId, Executor executor, LongSupplier wallMillis) {
        this.nodeId = nodeId;
        this.wallMillis = wallMillis;
        this.inOrder = MoreExecutors.newSequentialExecutor(executor);
    }

    @Override
    public NodeId nodeId() {
        return nodeId;
    }

    @Override
    public <T> CompletableFuture<T> write(Function<Transaction, T> function) {
        return enqueue(() -> {
            MemoryTransaction transaction = new MemoryTransaction(tables, wallMillis.getAsLong());
            boolean done = false;
            try {
                T result = function.apply(transaction);
                done = true;
                return result;
            } finally {
                transaction.end();
                if (!done) {
                    transaction.rollBack();
                }
            }
        });
    }

    @Override
    public <T> CompletableFuture<T> read(Function<Snapshot, T> query) {
        return enqueue(() -> {
            MemorySnapshot snapshot = new MemorySnapshot(tables);
            try {
                return query.apply(snapshot);
            } finally {
                snapshot.end();
            }
        });
    }

    @Override
    public CompletableFuture<Void> writeChunk(ChunkId id, ByteBuffer bytes) {
        ByteBuffer view = bytes.duplicate();
        return enqueue(() -> {
                    ChunkId actual = ChunkId.of(view);
                    if (!actual.equals(id)) {
                        throw new IllegalArgumentException("chunk " + id + ": the " + view.remaining()
                                + " bytes given hash to " + actual + "; nothing was stored");
                    }
                    byte[] copy = new byte[view.remaining()];
                    view.get(copy);
                    if (live(id) == null) {
                        put(new StoredBytes(id, copy, State.LIVE, 0));
                    }
                    return true;
                })
                .thenAccept(done -> {});
    }

    @Override
    public CompletableFuture<ByteBuffer> readChunk(ChunkId id, int offset, ByteBuffer into, boolean verifyHash) {
        return enqueue(() -> {
            StoredBytes stored = live(id);
            if (stored == null) {
                throw new MissingChunkException(id, "not stored here");
            }
            int size = stored.bytes().length;
            if (offset < 0 || offset > size - into.remaining()) {
                throw new IllegalArgumentException(
                        "chunk " + id + " has " + size + " bytes, asked for " + into.remaining() + " from " + offset);
            }
            into.duplicate().put(stored.bytes(), offset, into.remaining());
            return into;
        });
    }

    @Override
    public CompletableFuture<Integer> collect(List<ChunkId> unneeded) {
        List<ChunkId> copy = List.copyOf(unneeded);
        return enqueue(() -> {
            MemorySnapshot snapshot = new MemorySnapshot(tables);
            int removed = 0;
            for (ChunkId id : copy) {
                StoredBytes stored = snapshot.pins(id).isEmpty() ? live(id) : null;
                if (stored != null) {
                    tables.chunks.put(id, stored.in(State.TRASH, wallMillis.getAsLong()));
                    count(-1, -stored.bytes().length);
                    removed++;
                }
            }
            return removed;
        });
    }

    @Override
    public CompletableFuture<Boolean> restore(ChunkId id) {
        return enqueue(() -> {
            StoredBytes stored = tables.chunks.get(id);
            if (stored == null || stored.isLive()) {
                return false;
            }
            put(stored.in(State.LIVE, 0));
            return true;
        });
    }

    @Override
    public CompletableFuture<Integer> purge(long trashedUntilMillis) {
        return enqueue(() -> {
            int before = tables.chunks.size();
            tables.chunks.values().removeIf(chunk -> !chunk.isLive() && chunk.sinceMillis() <= trashedUntilMillis);
            return before - tables.chunks.size();
        });
    }

    /** There are no files that could differ from the rows. */
    @Override
    public CompletableFuture<Integer> reconcile(int slice) {
        return CompletableFuture.completedFuture(0);
    }

    private @Nullable StoredBytes live(ChunkId id) {
        StoredBytes stored = tables.chunks.get(id);
        return stored != null && stored.isLive() ? stored : null;
    }

    private void put(StoredBytes live) {
        tables.chunks.put(live.id(), live);
        count(1, live.bytes().length);
        MemoryTransaction transaction = new MemoryTransaction(tables, wallMillis.getAsLong());
        transaction.noteWhetherReferenced(live.id());
    }

    private void count(int chunks, long bytes) {
        usage = new Usage(usage.chunks() + chunks, usage.chunkBytes() + bytes, Long.MAX_VALUE);
    }

    @Override
    public Usage usage() {
        return usage;
    }

    @Override
    public Optional<String> failed() {
        return Optional.empty();
    }

    /** Work that was called before still runs on the executor; later calls fail. */
    @Override
    public void close() {
        closed = true;
    }

    /** A piece of work. */
    @FunctionalInterface
    private interface Work<T> {
        T run() throws IOException;
    }

    private <T> CompletableFuture<T> enqueue(Work<T> work) {
        if (closed) {
            return CompletableFuture.failedFuture(new IOException("store of " + nodeId + " is closed"));
        }
        CompletableFuture<T> future = new CompletableFuture<>();
        inOrder.execute(() -> {
            try {
                future.complete(work.run());
            } catch (Throwable thrown) {
                future.completeExceptionally(thrown);
            }
        });
        return future;
    }
}
