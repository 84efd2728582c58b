package io.keplerfs.sim.whole;

import io.keplerfs.memory.DiskTables.Changes;
import io.keplerfs.memory.DiskTables.ChunkTransaction;
import io.keplerfs.sim.SimLoop;
import io.keplerfs.sim.SimProcess;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.DiskFullException;
import io.keplerfs.spi.MissingChunkException;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Store} for one life of a node on a disk that fails. As the real one: transactions run in the order of their calls and
 * share fsyncs, reads see what is durable, a chunk is there when its row is, and is checked at every read.
 */
final class SimDisk implements Store {
    /** How the disk is at the moment; drawn anew by the simulation. */
    static final class Mood {
        long maxSyncNanos = 2_000_000;
        boolean full;
        /** Chance that one commit fails, after which the store is failed. */
        double commitError;
        /** Chance that one chunk write or read fails. */
        double ioError;
        /** Chance that a read gets the bytes of another place. */
        double misdirected;

        void mend() {
            maxSyncNanos = 2_000_000;
            full = false;
            commitError = 0;
            ioError = 0;
            misdirected = 0;
        }
    }

    private record Commit(Changes changes, Runnable acknowledge, Runnable refuse) {}

    private final SimLoop world;
    private final SimProcess process;
    private final NodeId node;
    private final Platter platter;
    private final Mood mood;
    private final Flaw flaw;
    private final Trouble trouble;
    private final SplittableRandom random;
    private final List<Commit> waiting = new ArrayList<>();
    private final List<Commit> syncing = new ArrayList<>();
    private final Map<ChunkId, byte[]> writing = new TreeMap<>();
    private @Nullable String failed;
    private boolean crashed;
    private boolean starting = true;

    SimDisk(SimLoop world, SimProcess process, NodeId node, Platter platter, Mood mood, Flaw flaw, Trouble trouble) {
        this.world = world;
        this.process = process;
        this.node = node;
        this.platter = platter;
        this.mood = mood;
        this.flaw = flaw;
        this.trouble = trouble;
        this.random = world.fork();
    }

    /** Power cut: of the commit under way any beginning may have reached the disk. */
    void crash() {
        crashed = true;
        int survived = syncing.isEmpty() ? 0 : random.nextInt(syncing.size() + 1);
        syncing.subList(0, survived).forEach(commit -> platter.tables.persist(commit.changes()));
        platter.cutPower();
        writing.forEach((id, bytes) -> {
            if (random.nextInt(3) == 0) {
                trouble.count("torn writes");
                platter.tear(id, bytes, random.nextInt(bytes.length + 1));
            }
        });
    }

    /** From here on reads take time. */
    void started() {
        starting = false;
    }

    @Override
    public NodeId nodeId() {
        return node;
    }

    /** Runs it after the disk has worked so long, if the node still lives then. */
    private void later(long nanos, Runnable task) {
        world.after(
                nanos,
                () -> process.execute(() -> {
                    if (!crashed) {
                        task.run();
                    }
                }));
    }

    @Override
    public <T> CompletableFuture<T> write(Function<Transaction, T> transaction) {
        return commit(transaction::apply);
    }

    private <T> CompletableFuture<T> commit(Function<ChunkTransaction, T> transaction) {
        CompletableFuture<T> done = new CompletableFuture<>();
        later(0, () -> apply(transaction, done));
        return done;
    }

    private <T> void apply(Function<ChunkTransaction, T> transaction, CompletableFuture<T> done) {
        if (failed != null) {
            done.completeExceptionally(new IOException(failed));
            return;
        }
        Changes changes = new Changes(process.wallMillis());
        T result;
        try {
            result = platter.tables.change(flawed(transaction), changes);
        } catch (RuntimeException thrown) {
            done.completeExceptionally(thrown);
            return;
        }
        waiting.add(new Commit(
                changes,
                () -> done.complete(result),
                () -> done.completeExceptionally(new IOException("commit failed: input/output error"))));
        if (flaw == Flaw.COMMIT_ACKED_BEFORE_FSYNC) {
            done.complete(result);
        }
        sync();
    }

    private <T> Function<ChunkTransaction, T> flawed(Function<ChunkTransaction, T> transaction) {
        return flaw == Flaw.NONE ? transaction : tables -> transaction.apply(tables.with(FlawedRows.of(flaw)));
    }

    private void sync() {
        if (!syncing.isEmpty() || waiting.isEmpty()) {
            return;
        }
        syncing.addAll(waiting);
        waiting.clear();
        world.after(random.nextLong(20_000, mood.maxSyncNanos + 20_001), () -> {
            if (!crashed) {
                synced();
            }
        });
    }

    private void synced() {
        List<Commit> committed = List.copyOf(syncing);
        syncing.clear();
        if (random.nextDouble() < mood.commitError) {
            fail(committed);
            return;
        }
        committed.forEach(commit -> platter.tables.persist(commit.changes()));
        later(0, () -> committed.forEach(commit -> commit.acknowledge().run()));
        sync();
    }

    /** What was being written may be there after the restart, or not. */
    private void fail(List<Commit> committed) {
        trouble.count("commit errors");
        failed = "the disk failed: input/output error at a commit";
        if (random.nextBoolean()) {
            committed.forEach(commit -> platter.tables.persist(commit.changes()));
        }
        List<Commit> lost = new ArrayList<>(committed);
        lost.addAll(waiting);
        waiting.clear();
        later(0, () -> lost.forEach(commit -> commit.refuse().run()));
    }

    @Override
    public <T> CompletableFuture<T> read(Function<Snapshot, T> query) {
        if (starting) {
            return CompletableFuture.completedFuture(platter.tables.read(query));
        }
        CompletableFuture<T> done = new CompletableFuture<>();
        later(random.nextLong(10_000, 100_000), () -> {
            if (failed != null) {
                done.completeExceptionally(new IOException(failed));
                return;
            }
            T result;
            try {
                result = platter.tables.read(query);
            } catch (RuntimeException thrown) {
                done.completeExceptionally(thrown);
                return;
            }
            done.complete(result);
        });
        return done;
    }

    @Override
    public CompletableFuture<Void> writeChunk(ChunkId id, ByteBuffer bytes) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        writing.put(id, copy(bytes));
        later(random.nextLong(20_000, mood.maxSyncNanos + 20_001), () -> {
            writing.remove(id);
            store(id, copy(bytes), done);
        });
        return done;
    }

    private static byte[] copy(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        return copy;
    }

    private void store(ChunkId id, byte[] bytes, CompletableFuture<Void> done) {
        if (!ChunkId.of(ByteBuffer.wrap(bytes)).equals(id) && flaw != Flaw.READS_NOT_VERIFIED) {
            done.completeExceptionally(new IllegalArgumentException("chunk " + id + ": the bytes hash to another"));
        } else if (failed != null) {
            done.completeExceptionally(new IOException(failed));
        } else if (mood.full) {
            trouble.count("writes on a full disk");
            done.completeExceptionally(new DiskFullException("disk full"));
        } else if (random.nextDouble() < mood.ioError) {
            trouble.count("write errors");
            done.completeExceptionally(new IOException("input/output error while writing chunk " + id));
        } else if (isLive(id) && platter.files.containsKey(id)) {
            done.complete(null);
        } else if (flaw == Flaw.CHUNK_LOST_AFTER_ACK && random.nextInt(4) == 0) {
            done.complete(null);
        } else {
            boolean early = flaw == Flaw.CHUNK_ACKED_BEFORE_FSYNC;
            if (early) {
                done.complete(null);
            } else {
                // The file is durable now, and counts when its row is.
                platter.files.put(id, bytes);
            }
            this.<Boolean>commit(tables -> {
                        tables.putChunk(id, bytes);
                        return true;
                    })
                    .whenComplete((stored, failure) -> {
                        if (early && failure == null) {
                            platter.files.put(id, bytes);
                        }
                        if (failure == null) {
                            done.complete(null);
                        } else {
                            done.completeExceptionally(failure);
                        }
                    });
        }
    }

    @Override
    public CompletableFuture<ByteBuffer> readChunk(ChunkId id, int offset, ByteBuffer into, boolean verifyHash) {
        CompletableFuture<ByteBuffer> done = new CompletableFuture<>();
        later(random.nextLong(20_000, 500_000), () -> {
            byte[] bytes = platter.files.get(id);
            if (failed != null || random.nextDouble() < mood.ioError) {
                trouble.count("read errors");
                done.completeExceptionally(new IOException("input/output error while reading chunk " + id));
            } else if (!isLive(id)) {
                done.completeExceptionally(new MissingChunkException(id, "not stored here"));
            } else if (bytes == null || isDamaged(id, bytes)) {
                quarantine(id, done);
            } else if (offset < 0 || offset > bytes.length - into.remaining()) {
                done.completeExceptionally(new IllegalArgumentException("chunk " + id + " has " + bytes.length
                        + " bytes, asked for " + into.remaining() + " from " + offset));
            } else {
                into.duplicate().put(bytes, offset, into.remaining());
                done.complete(into);
            }
        });
        return done;
    }

    /** The real store looks twice; so only what is wrong twice is damage. */
    private boolean isDamaged(ChunkId id, byte[] bytes) {
        if (flaw == Flaw.READS_NOT_VERIFIED) {
            return false;
        }
        boolean misdirected = random.nextDouble() < mood.misdirected && trouble.mayDamage(node, id);
        if (misdirected) {
            trouble.count("misdirected reads");
        }
        return misdirected || !ChunkId.of(ByteBuffer.wrap(bytes)).equals(id);
    }

    private boolean isLive(ChunkId id) {
        return platter.tables
                .read(snapshot -> snapshot.chunk(id))
                .filter(row -> row.state() == ChunkRow.State.LIVE)
                .isPresent();
    }

    private void quarantine(ChunkId id, CompletableFuture<ByteBuffer> done) {
        trouble.count("quarantined chunks");
        this.<Boolean>commit(tables -> {
                    tables.become(id, ChunkRow.State.QUARANTINE);
                    return true;
                })
                .whenComplete((moved, failure) -> {
                    dropFiles(List.of(id));
                    done.completeExceptionally(new MissingChunkException(id, "its copy here was quarantined"));
                });
    }

    /** Unless they have come back meanwhile. */
    private void dropFiles(List<ChunkId> ids) {
        platter.tables.change(
                tables -> {
                    ids.stream()
                            .filter(id -> !tables.isIn(ChunkRow.State.LIVE, id))
                            .forEach(platter.files::remove);
                    return true;
                },
                new Changes(0));
    }

    @Override
    public CompletableFuture<Integer> collect(List<ChunkId> chunks) {
        return commit(tables -> {
            int collected = 0;
            for (ChunkId id : chunks) {
                boolean needed = !tables.pins(id).isEmpty();
                if (!needed && tables.isIn(ChunkRow.State.LIVE, id)) {
                    tables.become(id, ChunkRow.State.TRASH);
                    collected++;
                } else if (!needed && tables.isIn(ChunkRow.State.QUARANTINE, id)) {
                    tables.removeChunk(id);
                    collected++;
                }
            }
            return collected;
        });
    }

    @Override
    public CompletableFuture<Boolean> restore(ChunkId chunk) {
        return commit(tables -> {
            boolean there = tables.isIn(ChunkRow.State.TRASH, chunk) && platter.files.containsKey(chunk);
            if (there) {
                tables.become(chunk, ChunkRow.State.LIVE);
            }
            return there;
        });
    }

    @Override
    public CompletableFuture<Integer> purge(long trashedUntilMillis) {
        return this.commit(tables -> {
                    List<ChunkId> old = tables.trashed(trashedUntilMillis);
                    old.forEach(tables::removeChunk);
                    return old;
                })
                .thenApply(old -> {
                    dropFiles(old);
                    return old.size();
                });
    }

    /** As the real one: a file without a row is adopted if it is whole and put aside if not. */
    @Override
    public CompletableFuture<Integer> reconcile(int slice) {
        return commit(tables -> {
            int different = 0;
            for (Map.Entry<ChunkId, byte[]> file : List.copyOf(platter.files.entrySet())) {
                ChunkId id = file.getKey();
                if (id.bytes()[0] == (byte) slice && tables.chunk(id).isEmpty()) {
                    different++;
                    if (ChunkId.of(ByteBuffer.wrap(file.getValue())).equals(id)) {
                        tables.putChunk(id, file.getValue());
                    } else {
                        platter.files.remove(id);
                    }
                }
            }
            return different;
        });
    }

    @Override
    public Usage usage() {
        return new Usage(platter.files.size(), 0, Long.MAX_VALUE);
    }

    @Override
    public Optional<String> failed() {
        return Optional.ofNullable(failed);
    }

    @Override
    public void close() {
        crashed = true;
    }
}
