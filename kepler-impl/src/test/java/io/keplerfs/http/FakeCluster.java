package io.keplerfs.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.keplerfs.Bucket;
import io.keplerfs.BucketInfo;
import io.keplerfs.ClusterRepair;
import io.keplerfs.ClusterStatus;
import io.keplerfs.ClusterViews;
import io.keplerfs.KeplerCluster;
import io.keplerfs.KeplerListener;
import io.keplerfs.Member;
import io.keplerfs.NotFoundException;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.Subscription;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.Contact;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** A cluster of one map that keeps the API's promises, and fails when told to. Thread-safe. */
final class FakeCluster implements KeplerCluster {
    static final NodeId SELF = new NodeId(new UUID(0, 1));
    static final NodeId OTHER = new NodeId(new UUID(0, 2));
    static final Instant NOW = Instant.parse("2026-03-04T05:06:07.089Z");

    final NavigableMap<String, FakeBucket> buckets = new ConcurrentSkipListMap<>();
    final AtomicInteger statusCalls = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> nextFailure = new AtomicReference<>();
    final FakeViews views = new FakeViews();
    final FakeRepair repair = new FakeRepair();
    private final AtomicLong versions = new AtomicLong();

    /** The next asynchronous call completes with it. */
    void failNext(Throwable failure) {
        nextFailure.set(failure);
    }

    VersionId nextVersion() {
        return new VersionId(new UUID(7, versions.incrementAndGet()));
    }

    /** Completes like the library does: with the outcome, or the failure that was injected. */
    <T> CompletableFuture<T> answer(Call<T> call) {
        Throwable failure = nextFailure.getAndSet(null);
        if (failure != null) {
            return CompletableFuture.failedFuture(failure);
        }
        try {
            return CompletableFuture.completedFuture(call.run());
        } catch (Exception outcome) {
            return CompletableFuture.failedFuture(outcome);
        }
    }

    @FunctionalInterface
    interface Call<T> {
        T run() throws Exception;
    }

    @Override
    public CompletableFuture<Bucket> createBucketAsync(String name) {
        return answer(() -> {
            FakeBucket bucket = bucket(name);
            buckets.putIfAbsent(name, bucket);
            return bucket;
        });
    }

    @Override
    public FakeBucket bucket(String name) {
        FakeBucket existing = buckets.get(name);
        return existing == null ? new FakeBucket(this, name) : existing;
    }

    void requireBucket(String name) throws NotFoundException {
        if (!buckets.containsKey(name)) {
            throw new NotFoundException("there is no bucket " + name + "; createBucket(\"" + name + "\") makes it");
        }
    }

    @Override
    public CompletableFuture<List<BucketInfo>> bucketsAsync() {
        return answer(() ->
                buckets.keySet().stream().map(name -> new BucketInfo(name, NOW)).toList());
    }

    @Override
    public CompletableFuture<Void> deleteBucketAsync(String name) {
        return answer(() -> {
            requireBucket(name);
            if (!bucket(name).files.isEmpty()) {
                throw new PreconditionFailedException("bucket " + name + " holds files; delete them first");
            }
            buckets.remove(name);
            return null;
        });
    }

    @Override
    public CompletableFuture<ClusterStatus> statusAsync() {
        statusCalls.incrementAndGet();
        return answer(
                () -> new ClusterStatus(SELF, "", 7, true, 3, 2, 1, 1, List.of(member(SELF, "a"), member(OTHER, "b"))));
    }

    @Override
    public CompletableFuture<List<Member>> ringOwnersAsync(String bucket, String key) {
        return answer(() -> List.of(member(OTHER, "b"), member(SELF, key)));
    }

    private static Member member(NodeId id, String label) {
        NodeAddress address = new NodeAddress("127.0.0.1", 3000, 4000, 5000);
        MemberState state = id.equals(SELF) ? MemberState.ALIVE : MemberState.SUSPECT;
        return new Member(
                id, label, "zone-1", 1, address, state, 3, true, 0.5, 12, id.equals(SELF) ? 48000 : -1, contact(id));
    }

    private static Optional<Contact> contact(NodeId id) {
        Contact heard = new Contact(Duration.ofMillis(420), Optional.of(Duration.ofNanos(1_500_000)));
        return id.equals(SELF) ? Optional.empty() : Optional.of(heard);
    }

    @Override
    public CompletableFuture<io.keplerfs.ChunkReport> chunkAsync(io.keplerfs.values.ChunkId id) {
        var need = new io.keplerfs.ChunkReport.Need(
                new io.keplerfs.values.VersionId(new java.util.UUID(1, 2)),
                "photos",
                "cat",
                "ref",
                java.time.Instant.EPOCH);
        var copy = new io.keplerfs.ChunkReport.Copy(
                new io.keplerfs.values.NodeId(new java.util.UUID(0, 1)),
                true,
                "live",
                "kept for photos/cat",
                java.util.List.of(need));
        return CompletableFuture.completedFuture(new io.keplerfs.ChunkReport(id, 4, true, java.util.List.of(copy)));
    }

    @Override
    public Subscription onEvent(KeplerListener listener) {
        return () -> {};
    }

    @Override
    public ClusterViews views() {
        return views;
    }

    @Override
    public ClusterRepair repair() {
        return repair;
    }

    @Override
    public CompletableFuture<List<ChunkId>> chunksAsync(String bucket, String key, long from, int limit) {
        return answer(() -> LongStream.range(from, Math.min(3, from + limit))
                .mapToObj(place -> ChunkId.of(ByteBuffer.wrap((bucket + key + place).getBytes(UTF_8))))
                .toList());
    }

    @Override
    public void close() {}
}
