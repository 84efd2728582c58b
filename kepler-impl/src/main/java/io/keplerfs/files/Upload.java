package io.keplerfs.files;

import io.keplerfs.Durability;
import io.keplerfs.KeplerException;
import io.keplerfs.PutOptions;
import io.keplerfs.Waiting;
import io.keplerfs.replication.ChunkRef;
import io.keplerfs.replication.ChunkWrite;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import io.keplerfs.view.Ownership;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;

/**
 * The chunks of one put on their way: reads the caller's stream into pooled buffers, hashes each on a worker while the next is
 * filled, and sends several at a time to their owners. Owned by the caller's thread.
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
    private final ChunkList data = new ChunkList();
    private final Deque<Piece> window = new ArrayDeque<>();
    private final List<CompletableFuture<Void>> senders = new ArrayList<>();
    private final List<Owed> owed = new ArrayList<>();
    private final List<ChunkRef> index = new ArrayList<>();
    private final Set<NodeId> stillLacking = new TreeSet<>();
    private CompletableFuture<Void> flushed = CompletableFuture.completedFuture(null);
    private final Set<NodeId> owners = new TreeSet<>();
    private long sizeBytes;
    private int fewestCopies = Integer.MAX_VALUE;
    /** Ownership when the first chunk was sent; on the loop. */
    private long firstStage = Long.MAX_VALUE;

    /** One chunk between reading and durability. */
    private record Piece(CompletableFuture<ChunkWrite> write, CompletableFuture<ChunkId> id, int bytes) {}

    private record Owed(ChunkRef chunk, ChunkWrite write) {}

    Upload(Node node, VersionId id, String bucket, String key, PutOptions options) {
        this.node = node;
        this.pin = new Pin(id, bucket, key);
        this.options = options;
    }

    /** Stores the stream to its end; afterwards every chunk is as durable as asked for. The first bytes were read before. */
    void store(byte[] first, InputStream rest) throws IOException {
        int taken = 0;
        while (true) {
            ByteBuffer buffer = node.limits().uploads().acquire(options.timeout());
            try {
                int head = Math.min(first.length - taken, buffer.capacity());
                buffer.put(first, taken, head);
                taken += head;
                fill(buffer, rest);
            } catch (IOException | RuntimeException brokenOff) {
                node.limits().uploads().release(buffer);
                throw brokenOff;
            }
            if (!buffer.flip().hasRemaining()) {
                node.limits().uploads().release(buffer);
                break;
            }
            boolean last = buffer.limit() < buffer.capacity();
            sizeBytes += buffer.limit();
            send(buffer);
            options.progress().onProgress(sizeBytes, -1);
            if (last) {
                break;
            }
        }
        while (!window.isEmpty()) {
            settleFirst(data);
        }
    }

    private static void fill(ByteBuffer buffer, InputStream in) throws IOException {
        int read = in.readNBytes(buffer.array(), buffer.arrayOffset() + buffer.position(), buffer.remaining());
        buffer.position(buffer.position() + read);
    }

    private void send(ByteBuffer buffer) throws KeplerException {
        int bytes = buffer.remaining();
        CompletableFuture<ChunkId> id = CompletableFuture.supplyAsync(
                () -> ChunkId.of(buffer), node.workers().hashing());
        CompletableFuture<ChunkWrite> write = id.thenCombine(
                        node.ownership(options.timeout()), (hash, ownership) -> start(hash, buffer, ownership))
                .thenCompose(started -> started);
        CompletableFuture<Void> sent = write.thenCompose(ChunkWrite::finished)
                .handle((done, failure) -> null)
                .thenAccept(done -> node.limits().uploads().release(buffer));
        senders.removeIf(CompletableFuture::isDone);
        senders.add(sent);
        window.add(new Piece(write, id, bytes));
        while (window.size() >= WINDOW) {
            settleFirst(data);
        }
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
    private void settleFirst(ChunkList list) throws KeplerException {
        Piece piece = window.remove();
        ChunkWrite write = Waiting.forResult(piece.write());
        Waiting.forResult(write.durable());
        CompletableFuture<Void> noted = new CompletableFuture<>();
        ChunkId id = piece.id().join();
        node.loop().execute(() -> {
            note(new ChunkRef(id, piece.bytes()), write);
            noted.complete(null);
        });
        Waiting.forResult(noted);
        list.add(id);
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
    Manifest.Content content() throws KeplerException {
        int chunkSize = node.limits().chunkSizeBytes();
        if (data.count() <= MOST_DIRECT_IDS) {
            return new Manifest.Chunks(chunkSize, data.ids(0, data.count()));
        }
        ChunkList indexIds = new ChunkList();
        int idsPerIndex = Math.min(IDS_PER_INDEX, chunkSize / ChunkId.BYTES);
        for (int from = 0; from < data.count(); from += idsPerIndex) {
            ByteBuffer buffer = node.limits().uploads().acquire(options.timeout());
            buffer.put(data.ids(from, Math.min(from + idsPerIndex, data.count())))
                    .flip();
            sendIndex(buffer, indexIds);
        }
        return new Manifest.Tree(chunkSize, idsPerIndex, indexIds.ids(0, indexIds.count()));
    }

    private void sendIndex(ByteBuffer buffer, ChunkList ids) throws KeplerException {
        int bytes = buffer.remaining();
        send(buffer);
        while (!window.isEmpty()) {
            settleFirst(ids);
        }
        index.add(new ChunkRef(ids.id(ids.count() - 1), bytes));
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
            tasks.addAll(node.delivery().debts(debt.chunk(), pin, debt.write().lacking(), "slow or down at upload"));
        }
        return tasks;
    }

    /** Done when every debt that was queued during the upload is durable; then with the owners they are for. */
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
                tasks.addAll(node.delivery().debts(chunk, pin, newOwners, "ownership moved during the upload"));
            }
        }
        return tasks;
    }

    Pin pin() {
        return pin;
    }

    long sizeBytes() {
        return sizeBytes;
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

    /** Done when no buffer of this upload is in use any more. */
    CompletableFuture<Void> quiet() {
        return CompletableFuture.allOf(senders.toArray(CompletableFuture[]::new));
    }
}
