package io.keplerfs.files;

import io.keplerfs.Bucket;
import io.keplerfs.BucketInfo;
import io.keplerfs.ChunkReport;
import io.keplerfs.ClusterRepair;
import io.keplerfs.ClusterStatus;
import io.keplerfs.ClusterViews;
import io.keplerfs.Durability;
import io.keplerfs.GetOptions;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.KeplerCluster;
import io.keplerfs.KeplerListener;
import io.keplerfs.ListOptions;
import io.keplerfs.Member;
import io.keplerfs.NotFoundException;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.PutOptions;
import io.keplerfs.Subscription;
import io.keplerfs.UnavailableException;
import io.keplerfs.register.Change;
import io.keplerfs.register.HybridClock;
import io.keplerfs.register.ListResult;
import io.keplerfs.repair.Claims;
import io.keplerfs.repair.Explain;
import io.keplerfs.repair.Needs;
import io.keplerfs.replication.Retained;
import io.keplerfs.values.ChunkId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The cluster as this node serves it to its own process. */
public final class EmbeddedCluster implements KeplerCluster {
    private static final int BUCKETS_PER_PAGE = 1000;

    /** As promised by {@link KeplerCluster#chunksAsync}. */
    private static final int MOST_CHUNKS = 1000;

    private final Node node;
    private final Services services;
    private final Explain explain;
    private final ClusterWatch watch;
    private final ClusterViews views;
    private final ClusterRepair repair;
    private final OpenCalls calls;

    /** Before any message can arrive. */
    public EmbeddedCluster(
            Node node,
            HybridClock clock,
            Replaced replaced,
            Explain explain,
            ClusterWatch watch,
            ClusterViews views,
            ClusterRepair repair) {
        this.views = views;
        this.repair = new TrackedRepair(repair, node.calls());
        this.node = node;
        this.explain = explain;
        this.services = Services.of(node, clock, watch::emit);
        replaced.deliverFor(node, services.claimed());
        this.watch = watch;
        this.calls = node.calls();
    }

    /** Which uploads are needed, for those who clean up. */
    public Claims claims() {
        return services.claimed();
    }

    /** What stays on this node although others want it dropped. */
    public Retained retained() {
        return services.fast().uploads();
    }

    /** Which chunks versions need, for those who see to it that they are there. */
    public Needs needs() {
        return services.needed();
    }

    /** Begins to look after unfinished uploads. On the loop, once. */
    public void start() {
        services.start();
    }

    @Override
    public Bucket bucket(String name) {
        return new EmbeddedBucket(name, node, services);
    }

    @Override
    public CompletableFuture<Bucket> createBucketAsync(String name) {
        try {
            Names.checkBucket(name);
        } catch (InvalidRequestException refused) {
            return CompletableFuture.failedFuture(refused);
        }
        return calls.track(calls.writing(Optional.empty()), () -> create(name));
    }

    private CompletableFuture<Bucket> create(String name) {
        byte[] record = new BucketRecord(node.loop().wallMillis(), BucketRecord.DEFAULT_SHARDS).toBytes();
        Change create = current -> current.absent() ? new Change.Write(record, false) : new Change.Keep();
        return change(name, create).thenApply(noted -> bucket(name));
    }

    /** Changes the bucket's register, and remembers what it holds then. */
    private CompletableFuture<Void> change(String name, Change change) {
        return node.newId()
                .thenCompose(id -> services.commit()
                        .run(
                                BucketRecord.registerOf(name),
                                id,
                                false,
                                change,
                                Durability.QUORUM,
                                PutOptions.DEFAULT_TIMEOUT))
                .thenAccept(done -> services.buckets().note(name, done.value()));
    }

    @Override
    public CompletableFuture<List<BucketInfo>> bucketsAsync() {
        return calls.track(
                calls.reading(),
                () -> node.ownership(PutOptions.DEFAULT_TIMEOUT)
                        .thenCompose(ready -> bucketsAfter("", new ArrayList<>())));
    }

    private CompletableFuture<List<BucketInfo>> bucketsAfter(String after, List<BucketInfo> found) {
        return node.registers()
                .list(BucketRecord.BUCKETS, 1, "", after, BUCKETS_PER_PAGE, true, PutOptions.DEFAULT_TIMEOUT)
                .thenCompose(result -> {
                    if (result instanceof ListResult.Unavailable unavailable) {
                        return CompletableFuture.failedFuture(new UnavailableException(unavailable.reason()));
                    }
                    ListResult.Page page = (ListResult.Page) result;
                    String last = after;
                    for (ListResult.Entry entry : page.entries()) {
                        BucketRecord record =
                                BucketRecord.fromBytes(entry.value().payload());
                        found.add(new BucketInfo(entry.key(), Instant.ofEpochMilli(record.createdMillis())));
                        last = entry.key();
                    }
                    return page.more()
                            ? bucketsAfter(last, found)
                            : CompletableFuture.completedFuture(List.copyOf(found));
                });
    }

    @Override
    public CompletableFuture<Void> deleteBucketAsync(String name) {
        try {
            Names.checkBucket(name);
        } catch (InvalidRequestException refused) {
            return CompletableFuture.failedFuture(refused);
        }
        return calls.track(calls.writing(Optional.empty()), () -> removeIfEmpty(name));
    }

    private CompletableFuture<Void> removeIfEmpty(String name) {
        return services.lister()
                .list(name, ListOptions.prefix("").withLimit(1))
                .thenCompose(page -> page.files().isEmpty()
                        ? removeEmpty(name)
                        : CompletableFuture.failedFuture(new PreconditionFailedException("bucket '" + name
                                + "' is not empty: it holds at least '"
                                + page.files().get(0).key() + "'; delete its files first")));
    }

    private CompletableFuture<Void> removeEmpty(String name) {
        Change remove = current ->
                current.absent() ? new Change.Refuse("it does not exist") : new Change.Write(new byte[0], true);
        return change(name, remove);
    }

    @Override
    public CompletableFuture<ClusterStatus> statusAsync() {
        return calls.track(calls.reading(), watch::status);
    }

    @Override
    public CompletableFuture<List<Member>> ringOwnersAsync(String bucket, String key) {
        return calls.track(calls.reading(), () -> owners(bucket, key));
    }

    private CompletableFuture<List<Member>> owners(String bucket, String key) {
        return services.buckets()
                .require(bucket, PutOptions.DEFAULT_TIMEOUT)
                .exceptionallyCompose(failure -> failure.getCause() instanceof NotFoundException missing
                        ? CompletableFuture.failedFuture(missing)
                        : services.buckets().requireLocal(bucket))
                .thenCompose(record -> watch.members(
                        node.views().of(record.registerOf(bucket, key)).ownerSets()));
    }

    @Override
    public CompletableFuture<List<ChunkId>> chunksAsync(String bucket, String key, long from, int limit) {
        if (from < 0 || limit < 1 || limit > MOST_CHUNKS) {
            return CompletableFuture.failedFuture(new InvalidRequestException("chunks of " + bucket + "/" + key
                    + " from place " + from + ", at most " + limit + ": the place is at least 0, the limit 1 to "
                    + MOST_CHUNKS));
        }
        return bucket(bucket)
                .snapshotAsync(key, GetOptions.defaults())
                .thenCompose(file -> ((Snapshot) file).chunks(from, limit));
    }

    @Override
    public CompletableFuture<ChunkReport> chunkAsync(ChunkId id) {
        return calls.track(calls.reading(), () -> explain.chunk(id));
    }

    @Override
    public Subscription onEvent(KeplerListener listener) {
        return watch.onEvent(listener);
    }

    @Override
    public ClusterViews views() {
        return views;
    }

    @Override
    public ClusterRepair repair() {
        return repair;
    }

    /** Does nothing: the node is closed, not its cluster. */
    @Override
    public void close() {}
}
