package io.keplerfs.files;

import io.keplerfs.Durability;
import io.keplerfs.PutOptions;
import io.keplerfs.replication.ChunkRef;
import io.keplerfs.replication.ChunkWrite;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import io.keplerfs.values.VersionId;
import io.keplerfs.view.Ownership;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The chunks of one put on their way: reads the caller's stream into pooled buffers, hashes each on a worker while the next is
 * filled, and sends several at a time to their owners. Owned by the loop; holds up no thread but the one that reads the stream.
 */
final class Upload {
    /** Chunks between "read" and "durable": enough to overlap hashing, the network and fsyncs of one upload. */
    private static final int WINDOW = 6;
    /** Chunks whose last copy is still awaited, kept in memory at most. */
    private static final int MOST_OWED = 1000;
    /** Up to so many ids stand in the manifest itself. */
    static final int MOST_DIRECT_IDS = 1000;
    /** Ids of one index chunk: 256 KiB, the hashes of 32 GiB of data. */
    static final int IDS_PER_INDEX = 8192;

    private final Node node;
    private final Pin pin;
    private final PutOptions options;
    private final Function<ByteBuffer, ChunkId> hash;
    private final ChunkList data = new ChunkList();
    private final Deque<Piece> window = new ArrayDeque<>();
    private final List<CompletableFuture<Void>> senders = new ArrayList<>();
    private final List<Owed> owed = new ArrayList<>();
    private final List<ChunkRef> index = new ArrayList<>();
    private final Set<NodeId> stillLacking = new TreeSet<>();
    private CompletableFuture<Void> flushed = CompletableFuture.completedFuture(null);
    private final Set<NodeId> owners = new TreeSet<>();
    private final CompletableFuture<Manifest.Content> content = new CompletableFuture<>();
    private long sizeBytes;
    private int fewestCopies = Integer.MAX_VALUE;
    /** Ownership when the first chunk was sent. */
    private long firstStage = Long.MAX_VALUE;

    /** One chunk between reading and durability. */
    private record Piece(CompletableFuture<ChunkWrite> write, CompletableFuture<ChunkId> id, int bytes) {}

    private record Owed(ChunkRef chunk, ChunkWrite write) {}

    Upload(Node node, VersionId id, String bucket, String key, PutOptions options) {
        this(node, id, bucket, key, options, ChunkId::of);
    }

    /** @param hash runs on a worker; another one only where a terabyte cannot be hashed */
    Upload(Node node, VersionId id, String bucket, String key, PutOptions options, Function<ByteBuffer, ChunkId> hash) {
        this.node = node;
        this.pin = new Pin(id, bucket, key);
        this.options = options;
        this.hash = hash;
    }

    /**
     * Stores the stream to its end; done with what the manifest says of the content when every chunk is as durable as asked for.
     * The first bytes were read before. Any thread, once.
     */
    CompletableFuture<Manifest.Content> store(byte[] first, Source source) {
        source.put().givenUp().whenComplete((never, gaveUp) -> breakOff(gaveUp));
        node.loop().execute(() -> readNext(ByteBuffer.wrap(first), source));
        return content;
    }

    /** Nothing more is read or sent; what is on its way ends by itself. Any thread. */
    private void breakOff(@Nullable Throwable why) {
        content.completeExceptionally(why == null ? new IllegalStateException("the upload broke off") : why);
    }

    private boolean isBrokenOff() {
        return content.isDone();
    }

    private void readNext(ByteBuffer head, Source source) {
        if (window.size() >= WINDOW) {
            settleFirst(data, () -> readNext(head, source));
        } else {
            withBuffer(buffer -> {
                head.limit(Math.min(head.capacity(), head.position() + buffer.remaining()));
                fill(buffer.put(head), head, source);
            });
        }
    }

    private void withBuffer(Consumer<ByteBuffer> use) {
        node.loop().when(node.limits().uploads().acquire(node.loop(), options.timeout()), (buffer, failure) -> {
            if (buffer == null) {
                breakOff(failure);
            } else if (isBrokenOff()) {
                node.limits().uploads().release(buffer);
            } else {
                use.accept(buffer);
            }
        });
    }

    private void fill(ByteBuffer buffer, ByteBuffer head, Source source) {
        long before = sizeBytes;
        source.fill(buffer, bytes -> options.progress().onProgress(before + bytes, -1))
                .whenComplete((filled, failure) -> {
                    if (failure == null) {
                        node.loop().execute(() -> filled(buffer, head, source));
                    } else {
                        // Not by way of the loop: the stream may fail because the node, and so the loop, has ended.
                        node.limits().uploads().release(buffer);
                        breakOff(failure);
                    }
                });
    }

    private void filled(ByteBuffer buffer, ByteBuffer head, Source source) {
        boolean last = buffer.limit() < buffer.capacity();
        if (isBrokenOff() || !buffer.hasRemaining()) {
            node.limits().uploads().release(buffer);
        } else {
            sizeBytes += buffer.limit();
            send(buffer);
        }
        if (last) {
            settleAll(data, this::describe);
        } else {
            readNext(head, source);
        }
    }

    private void send(ByteBuffer buffer) {
        int bytes = buffer.remaining();
        CompletableFuture<ChunkId> id = CompletableFuture.supplyAsync(
                () -> hash.apply(buffer), node.workers().hashing());
        CompletableFuture<ChunkWrite> write = id.thenCombine(
                        node.ownership(options.timeout()), (hash, ownership) -> start(hash, buffer, ownership))
                .thenCompose(started -> started);
        CompletableFuture<Void> sent = write.thenCompose(ChunkWrite::finished)
                .handle((done, failure) -> null)
                .thenAccept(done -> node.limits().uploads().release(buffer));
        senders.removeIf(CompletableFuture::isDone);
        senders.add(sent);
        window.add(new Piece(write, id, bytes));
    }

    private CompletableFuture<ChunkWrite> start(ChunkId id, ByteBuffer bytes, Ownership ownership) {
        CompletableFuture<ChunkWrite> started = new CompletableFuture<>();
        node.loop().execute(() -> {
            firstStage = Math.min(firstStage, ownership.stage());
            started.complete(node.chunks().write(id, bytes, pin, options.durability(), ownership));
        });
        return started;
    }

    /** Waits for the oldest chunk in the window, and notes who has it and who lacks it. */
    private void settleFirst(ChunkList list, Runnable then) {
        Piece piece = window.remove();
        CompletableFuture<ChunkWrite> durable =
                piece.write().thenCompose(write -> write.durable().thenApply(enough -> write));
        node.loop().when(durable, (write, failure) -> {
            if (write == null) {
                breakOff(failure);
            } else if (!isBrokenOff()) {
                ChunkId id = piece.id().join();
                note(new ChunkRef(id, piece.bytes()), write);
                list.add(id);
                then.run();
            }
        });
    }

    private void settleAll(ChunkList list, Runnable then) {
        if (window.isEmpty()) {
            then.run();
        } else {
            settleFirst(list, () -> settleAll(list, then));
        }
    }

    private void note(ChunkRef chunk, ChunkWrite write) {
        Set<NodeId> acked = write.acked();
        owners.addAll(acked);
        owners.addAll(write.lacking());
        fewestCopies = Math.min(fewestCopies, acked.size());
        if (!write.lacking().isEmpty()) {
            owed.add(new Owed(chunk, write));
        }
        if (owed.size() >= MOST_OWED) {
            flushOwed();
        }
    }

    /** What the manifest says of the content; stores index chunks first if the list of ids is long. */
    private void describe() {
        int chunkSize = node.limits().chunkSizeBytes();
        if (data.count() <= MOST_DIRECT_IDS) {
            content.complete(new Manifest.Chunks(chunkSize, data.ids(0, data.count())));
        } else {
            describe(0, Math.min(IDS_PER_INDEX, chunkSize / ChunkId.BYTES), new ChunkList());
        }
    }

    private void describe(int from, int idsPerIndex, ChunkList indexIds) {
        if (from >= data.count()) {
            content.complete(
                    new Manifest.Tree(node.limits().chunkSizeBytes(), idsPerIndex, indexIds.ids(0, indexIds.count())));
            return;
        }
        withBuffer(buffer -> {
            int bytes = buffer.put(data.ids(from, Math.min(from + idsPerIndex, data.count())))
                    .flip()
                    .remaining();
            send(buffer);
            settleAll(indexIds, () -> {
                index.add(new ChunkRef(indexIds.id(indexIds.count() - 1), bytes));
                describe(from + idsPerIndex, idsPerIndex, indexIds);
            });
        });
    }

    /**
     * Most slow owners have caught up since; what is left goes into the queue now, so that the list stays short however large
     * the file is. Should the upload be given up, the references are dropped at its owners all the same.
     */
    private void flushOwed() {
        owed.removeIf(debt -> debt.write().lacking().isEmpty());
        if (owed.size() >= MOST_OWED / 2) {
            flushed = CompletableFuture.allOf(flushed, node.queue().add(owedTasks()));
            owed.forEach(debt -> stillLacking.addAll(debt.write().lacking()));
            owed.clear();
        }
    }

    private List<QueueRow> owedTasks() {
        List<QueueRow> tasks = new ArrayList<>();
        for (Owed debt : owed) {
            Set<NodeId> lacking = debt.write().lacking();
            int have = debt.write().acked().size();
            Priority priority = Priority.ofCopiesLeft(have, have + lacking.size());
            tasks.addAll(node.delivery().debts(debt.chunk(), pin, lacking, priority, "slow or down at upload"));
        }
        return tasks;
    }

    /** Done when every debt that was queued during the upload is durable; then with the owners they are for. After {@link #debts}. */
    CompletableFuture<Set<NodeId>> owedEarlier() {
        return flushed.thenApply(durable -> stillLacking);
    }

    /**
     * The tasks that bring every owner what it still lacks. If ownership has moved since the first chunk, every chunk is owed to
     * every new owner: who has it says so at delivery.
     */
    CompletableFuture<List<QueueRow>> debts() {
        CompletableFuture<List<QueueRow>> tasks = new CompletableFuture<>();
        node.loop().execute(() -> tasks.complete(debtsNow()));
        return tasks;
    }

    private List<QueueRow> debtsNow() {
        List<QueueRow> tasks = owedTasks();
        Ownership now = node.views().ownership().orElse(null);
        if (now != null && now.stage() != firstStage) {
            List<ChunkRef> all = new ArrayList<>(index);
            for (int i = 0; i < data.count(); i++) {
                all.add(data.ref(i, node.limits().chunkSizeBytes(), sizeBytes));
            }
            for (ChunkRef chunk : all) {
                List<NodeId> newOwners =
                        now.newest().ring().owners(now.newest().ring().partitionOf(chunk.id()));
                tasks.addAll(node.delivery()
                        .debts(chunk, pin, newOwners, Priority.MOVE, "ownership moved during the upload"));
            }
        }
        return tasks;
    }

    Pin pin() {
        return pin;
    }

    /** Once the content is known. */
    Manifest manifest(Manifest.Content stored) {
        return Manifest.of(pin.upload(), sizeBytes, options, stored);
    }

    Set<NodeId> owners() {
        return owners;
    }

    /** Fsynced copies of the least copied chunk. */
    int fewestCopies() {
        return fewestCopies;
    }

    boolean isFast() {
        return options.durability() == Durability.FAST;
    }

    /** Done when nothing of this upload is on its way any more; once it is stored or has broken off. Any thread. */
    CompletableFuture<Void> quiet() {
        CompletableFuture<Void> quiet = new CompletableFuture<>();
        node.loop()
                .execute(() -> CompletableFuture.allOf(senders.toArray(CompletableFuture[]::new))
                        .thenAccept(quiet::complete));
        return quiet;
    }
}
