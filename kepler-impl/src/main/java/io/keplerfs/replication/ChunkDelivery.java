package io.keplerfs.replication;

import io.keplerfs.loop.Failures;
import io.keplerfs.loop.Loop;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import io.keplerfs.values.VersionId;
import io.keplerfs.view.Views;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The queue tasks about chunks.
 *
 * <pre>
 * "chunk"  id: chunk | uint size | pin     give the target this chunk, from wherever a good copy is
 * "move"   id: chunk | uint size | pin     the same, unless this node itself has dropped the reference meanwhile
 * "unpin"  id: uuid upload                 have the target drop every reference of an upload that can never be committed
 * "retire" id: uuid upload                 have the target drop the confirmed references of an upload that was replaced
 * </pre>
 */
public final class ChunkDelivery {
    private static final String CHUNK = "chunk";
    private static final String MOVE = "move";
    private static final String UNPIN = "unpin";
    private static final String RETIRE = "retire";

    /** Neither the fetch nor the put of a chunk takes longer, or else it fails: the default size in it is 35 kB per second. */
    static final Duration LONGEST_STEP = Duration.ofMinutes(2);

    private static final Logger log = LoggerFactory.getLogger(ChunkDelivery.class);

    private final Loop loop;
    private final Store store;
    private final ReplicationQueue queue;
    private final Views views;
    private final ChunkCalls calls;
    private final Bandwidth bandwidth;
    private final ChunkFetcher fetcher;

    /** @param bandwidth shared by everything that copies chunks of this node in the background */
    public ChunkDelivery(Loop loop, Rpc rpc, Store store, ReplicationQueue queue, Views views, Bandwidth bandwidth) {
        this.loop = loop;
        this.store = store;
        this.queue = queue;
        this.views = views;
        this.calls = new ChunkCalls(rpc);
        this.bandwidth = bandwidth;
        this.fetcher = new ChunkFetcher(loop, rpc, this, bandwidth);
        queue.deliverInLineWith(CHUNK, this::giveChunk);
        queue.deliverInLineWith(MOVE, this::moveChunk);
        queue.deliverWith(UNPIN, task -> calls.unpin(task.target(), upload(task), false));
        queue.deliverWith(RETIRE, task -> calls.unpin(task.target(), upload(task), true));
    }

    /** Reads chunks, and queues what it finds missing. */
    public ChunkFetcher fetcher() {
        return fetcher;
    }

    /** Makes it durable that these owners lack the chunk. Any thread. */
    public CompletableFuture<Void> owe(ChunkRef chunk, Pin pin, Collection<NodeId> owners, String reason) {
        return owe(chunk, pin, owners, Priority.UNDER_REPLICATED, reason);
    }

    /** The same, by somebody who knows how urgent it is. Any thread. */
    public CompletableFuture<Void> owe(
            ChunkRef chunk, Pin pin, Collection<NodeId> owners, Priority priority, String reason) {
        return queue.add(debts(chunk, pin, owners, priority, reason));
    }

    /**
     * As {@link #owe}, for somebody who looks again anyway: nothing happens while {@linkplain ReplicationQueue#LONG so much} waits
     * that this could not be done soon. Any thread.
     */
    public CompletableFuture<Void> suggest(
            ChunkRef chunk, Pin pin, Collection<NodeId> owners, Priority priority, String reason) {
        return queue.isLong() ? CompletableFuture.completedFuture(null) : owe(chunk, pin, owners, priority, reason);
    }

    /** Records the reference at the node and tells whether it has the bytes, both durably. Any thread. */
    public CompletableFuture<Boolean> has(NodeId node, ChunkRef chunk, Pin pin) {
        return calls.pin(node, chunk, pin, false)
                .exceptionallyCompose(failure -> Failures.unwrap(failure) instanceof NoRoomException
                        ? CompletableFuture.completedFuture(false)
                        : CompletableFuture.failedFuture(failure));
    }

    /** The tasks of {@link #owe}, for a caller that adds several at once. */
    public List<QueueRow> debts(ChunkRef chunk, Pin pin, Collection<NodeId> owners, Priority priority, String reason) {
        return tasks(CHUNK, chunk, pin, owners, priority, reason);
    }

    /** The tasks that bring a chunk of this disk to owners it has gained. */
    public List<QueueRow> moves(ChunkRef chunk, Pin pin, Collection<NodeId> owners, Priority priority) {
        return tasks(MOVE, chunk, pin, owners, priority, "rebalance");
    }

    private List<QueueRow> tasks(
            String kind, ChunkRef chunk, Pin pin, Collection<NodeId> owners, Priority priority, String reason) {
        WireWriter id = new WireWriter().chunk(chunk.id()).uint(chunk.sizeBytes());
        ChunkMessages.write(id, pin);
        List<QueueRow> tasks = new ArrayList<>();
        owners.forEach(owner ->
                tasks.add(queue.task(kind, id.toBytes(), owner, epoch(), reason).copying(priority, chunk.sizeBytes())));
        return tasks;
    }

    /** The chunk that a task of {@link #debts} is about. */
    public static ChunkId chunkOf(QueueRow debt) {
        return new WireReader(debt.id()).chunk();
    }

    private static VersionId upload(QueueRow task) {
        return new WireReader(task.id()).version();
    }

    /**
     * Has every one of these nodes drop every reference of the upload, which must be certain never to be committed any more, or
     * to have been replaced for good; tries until each has. Any thread.
     */
    public CompletableFuture<Void> unpin(VersionId upload, Collection<NodeId> nodes) {
        return queue.add(drops(UNPIN, upload, nodes, "upload given up"));
    }

    /**
     * Has every one of these nodes drop the references of the upload that are known to have been committed; tries until each
     * has. The register must have been seen to hold another version since. Any thread.
     */
    public CompletableFuture<Void> retire(VersionId upload, Collection<NodeId> nodes) {
        return queue.add(drops(RETIRE, upload, nodes, "version replaced"));
    }

    private List<QueueRow> drops(String kind, VersionId upload, Collection<NodeId> nodes, String reason) {
        byte[] id = new WireWriter().version(upload).toBytes();
        return nodes.stream()
                .map(node -> queue.task(kind, id, node, epoch(), reason))
                .toList();
    }

    /**
     * Tells these nodes that the upload was committed. Who misses it asks the register itself a day later, so one try is
     * enough. Any thread.
     */
    public void confirm(VersionId upload, Collection<NodeId> nodes) {
        for (NodeId node : nodes) {
            calls.confirm(node, upload).whenComplete((done, failure) -> {
                if (failure != null) {
                    log.debug("{} was not told that upload {} is committed: {}", node, upload, failure.toString());
                }
            });
        }
    }

    private long epoch() {
        return views.ownership().map(ownership -> ownership.newest().epoch()).orElse(0L);
    }

    /** An upload that was given up since needs no owners, and nobody may have its chunks any more. */
    private CompletableFuture<Void> moveChunk(QueueRow task) {
        WireReader id = new WireReader(task.id());
        ChunkId chunk = id.chunk();
        id.uint();
        Pin pin = ChunkMessages.readPin(id);
        return store.read(tables -> tables.pins(chunk).contains(pin))
                .thenCompose(still -> still ? giveChunk(task) : CompletableFuture.completedFuture(null));
    }

    private CompletableFuture<Void> giveChunk(QueueRow task) {
        WireReader id = new WireReader(task.id());
        ChunkRef chunk = new ChunkRef(id.chunk(), id.uint());
        Pin pin = ChunkMessages.readPin(id);
        return calls.pin(task.target(), chunk, pin, false)
                .thenCompose(have -> have ? CompletableFuture.<Void>completedFuture(null) : send(task, chunk, pin))
                .exceptionallyCompose(failure -> Failures.unwrap(failure) instanceof UploadGivenUpException
                        ? CompletableFuture.completedFuture(null)
                        : CompletableFuture.failedFuture(failure));
    }

    /** The cap is asked when the bytes are here: a chunk whose sources are away must not cost the others their turn. */
    private CompletableFuture<Void> send(QueueRow task, ChunkRef chunk, Pin pin) {
        return views.ownership()
                .map(ownership -> inTime("the fetch", fetcher.fetchForCopy(chunk, pin, task.target(), ownership)))
                .orElseGet(() -> CompletableFuture.failedFuture(new IllegalStateException("no view yet")))
                .thenCompose(bytes -> paid(task, chunk).thenApply(go -> bytes))
                .thenCompose(bytes -> inTime("the put", calls.put(task.target(), chunk.id(), bytes)))
                .exceptionallyCompose(failure ->
                        CompletableFuture.failedFuture(new CopyFailedException(chunk, task.target(), failure)));
    }

    private <T> CompletableFuture<T> inTime(String what, CompletableFuture<T> step) {
        return Patience.atMost(LONGEST_STEP, loop, what, step);
    }

    private CompletableFuture<Void> paid(QueueRow task, ChunkRef chunk) {
        CompletableFuture<Void> paid = new CompletableFuture<>();
        loop.execute(() -> bandwidth.take(task.priority(), chunk.sizeBytes()).thenAccept(paid::complete));
        return paid;
    }
}
