package io.keplerfs.disk;

import com.google.common.util.concurrent.Uninterruptibles;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store of a real node: one data directory, held from {@link #open} to {@link #close}.
 *
 * <p>Transactions complete on the thread {@code kepler-<label>-store-writer}, everything else on {@code store-reader} and
 * {@code store-worker} threads. {@link #close} must not be called on any of them. The layout of the directory is drawn in the
 * package's {@code DataDirectory} and in {@code docs/formats.md}.
 */
public final class DiskStore implements Store {
    private static final Logger LOG = LoggerFactory.getLogger(DiskStore.class);

    /** Tasks that may wait in front of the readers or the workers; each chunk among them holds its buffer. */
    private static final int MAX_WAITING = 8_192;

    private final DataDirectory directory;
    private final Metadata metadata;
    private final Chunks chunks;
    private final MetadataCopies copies;
    private final FailureLatch failure;
    private final ThreadPoolExecutor readers;
    private final ThreadPoolExecutor workers;
    private boolean closed;

    private DiskStore(
            DataDirectory directory,
            Metadata metadata,
            Chunks chunks,
            Disk disk,
            FailureLatch failure,
            DiskOptions options) {
        this.directory = directory;
        this.copies = new MetadataCopies(directory, disk, options);
        this.metadata = metadata;
        this.chunks = chunks;
        this.failure = failure;
        this.readers = pool("store-reader", Metadata.READERS, options);
        this.workers = pool("store-worker", options.workers(), options);
    }

    private static ThreadPoolExecutor pool(String role, int threads, DiskOptions options) {
        return new ThreadPoolExecutor(
                threads,
                threads,
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(MAX_WAITING),
                work -> options.thread(role, work));
    }

    /**
     * Claims the directory, creating it if need be, and finishes what a crash cut short.
     *
     * @throws IOException if it is in use, another node's, not a data directory, written by a newer release, damaged or not
     *     writable; the message says which and what to do
     */
    public static DiskStore open(DiskOptions options) throws IOException {
        return open(options, new FileDisk(options.fsync()));
    }

    static DiskStore open(DiskOptions options, Disk disk) throws IOException {
        if (!options.fsync()) {
            LOG.warn(
                    "fsync is off for {}: a power cut loses what was acknowledged; never use it for data you need",
                    options.directory());
        }
        DataDirectory directory = DataDirectory.claim(options, disk);
        FailureLatch failure = new FailureLatch();
        Metadata metadata = null;
        boolean opened = false;
        try {
            metadata = Metadata.open(directory, options, disk, failure);
            directory.publish(disk);
            Chunks chunks = Chunks.open(directory, metadata, disk, failure, options.wallMillis());
            DiskStore store = new DiskStore(directory, metadata, chunks, disk, failure, options);
            opened = true;
            LOG.info("opened {} as node {} ({}): {}", directory.root(), store.nodeId(), options.label(), store.usage());
            return store;
        } finally {
            if (!opened) {
                if (metadata != null) {
                    metadata.close();
                }
                directory.close();
            }
        }
    }

    @Override
    public NodeId nodeId() {
        return directory.nodeId();
    }

    @Override
    public <T> CompletableFuture<T> write(Function<Transaction, T> transaction) {
        return metadata.write(transaction::apply);
    }

    @Override
    public <T> CompletableFuture<T> read(Function<Snapshot, T> query) {
        return on(readers, () -> {
            failure.check();
            return metadata.read(query::apply);
        });
    }

    @Override
    public CompletableFuture<Void> writeChunk(ChunkId id, ByteBuffer bytes) {
        ByteBuffer view = bytes.duplicate();
        return on(workers, () -> {
                    chunks.write(id, view);
                    return true;
                })
                .thenAccept(done -> {});
    }

    @Override
    public CompletableFuture<ByteBuffer> readChunk(ChunkId id, int offset, ByteBuffer into, boolean verifyHash) {
        return on(workers, () -> chunks.read(id, offset, into, verifyHash));
    }

    @Override
    public CompletableFuture<Integer> collect(List<ChunkId> unneeded) {
        List<ChunkId> copy = List.copyOf(unneeded);
        return on(workers, () -> chunks.collect(copy));
    }

    @Override
    public CompletableFuture<Boolean> restore(ChunkId chunk) {
        return on(workers, () -> chunks.restore(chunk));
    }

    @Override
    public CompletableFuture<Integer> purge(long trashedUntilMillis) {
        return on(workers, () -> chunks.purge(trashedUntilMillis));
    }

    @Override
    public CompletableFuture<Integer> reconcile(int slice) {
        return on(workers, () -> chunks.reconcile(slice));
    }

    /** A database that contradicts itself may contradict what this node has promised, too: nothing more is said in its name. */
    @Override
    public CompletableFuture<Optional<String>> checkTables() {
        return on(readers, () -> {
            failure.check();
            String found = metadata.read(snapshot -> snapshot.tables()
                    .sql()
                    .first("PRAGMA quick_check(1)", row -> row.text(1))
                    .orElse("no answer"));
            if (found.equals("ok")) {
                return Optional.empty();
            }
            String why = "meta.db in " + directory.root() + " is damaged: " + found
                    + "; stop the node and give its memory up with 'kepler rebuild --from-peers': its chunks stay";
            failure.trip(why, new IOException(why));
            return Optional.of(why);
        });
    }

    /** Now instead of when it is due. */
    void checkpointJournal() throws IOException {
        metadata.checkpointJournal();
    }

    /** On this thread; see {@link #reconcile}. */
    void reconcileNow(int slice) throws IOException {
        chunks.reconcile(slice);
    }

    /**
     * Writes a consistent copy of the metadata to a new file while everything goes on. It is a source for a rebuild, and nothing to
     * start a node with: its promises are old. One at a time; fails with an IOException while another one is made, if the data disk is nearly
     * full, and if the store closes meanwhile.
     *
     * @param to no file of this name may exist; not in the data directory
     */
    public CompletableFuture<MetadataCopy> copyMetadata(Path to) {
        try {
            failure.check();
        } catch (IOException failed) {
            return CompletableFuture.failedFuture(failed);
        }
        return copies.start(to);
    }

    @Override
    public Usage usage() {
        return chunks.usage();
    }

    @Override
    public Optional<String> failed() {
        return failure.reason();
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        copies.close();
        // Workers first: they wait for the writer of the metadata, never the other way round.
        workers.shutdown();
        readers.shutdown();
        Uninterruptibles.awaitTerminationUninterruptibly(workers);
        Uninterruptibles.awaitTerminationUninterruptibly(readers);
        metadata.close();
        try {
            directory.close();
        } catch (IOException failed) {
            LOG.warn("the lock of {} was not released cleanly: {}", directory.root(), failed.toString());
        }
        LOG.info("closed {}", directory.root());
    }

    /** A piece of blocking work. */
    @FunctionalInterface
    private interface Work<T> {
        T run() throws IOException;
    }

    private <T> CompletableFuture<T> on(ThreadPoolExecutor threads, Work<T> work) {
        CompletableFuture<T> future = new CompletableFuture<>();
        try {
            threads.execute(() -> {
                try {
                    future.complete(work.run());
                } catch (Throwable thrown) {
                    future.completeExceptionally(thrown);
                }
            });
        } catch (RejectedExecutionException refused) {
            String why = threads.isShutdown() ? "closed" : "overloaded: " + MAX_WAITING + " tasks wait; try later";
            future.completeExceptionally(new IOException("store of " + directory.root() + " is " + why, refused));
        }
        return future;
    }
}
