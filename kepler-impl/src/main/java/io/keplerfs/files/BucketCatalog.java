package io.keplerfs.files;

import io.keplerfs.NotFoundException;
import io.keplerfs.register.RegisterValue;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which buckets there are. A bucket that was seen is trusted for a while: it saves every put and get a quorum read, at the price
 * that a put may succeed shortly after the bucket was deleted through another node. Any thread.
 */
final class BucketCatalog {
    private static final Duration TRUST = Duration.ofSeconds(10);

    private final Node node;
    private final VersionReader versions;
    private final Map<String, Seen> seen = new ConcurrentHashMap<>();

    private record Seen(BucketRecord record, long atNanos) {}

    BucketCatalog(Node node, VersionReader versions) {
        this.node = node;
        this.versions = versions;
    }

    /** The bucket, or {@link NotFoundException} naming the call that would create it. */
    CompletableFuture<BucketRecord> require(String bucket, Duration timeout) {
        Seen known = seen.get(bucket);
        if (known != null && node.loop().nanoTime() - known.atNanos() < TRUST.toNanos()) {
            return CompletableFuture.completedFuture(known.record());
        }
        return versions.newest(BucketRecord.registerOf(bucket), timeout)
                .thenCompose(value -> note(bucket, value)
                        .map(CompletableFuture::completedFuture)
                        .orElseGet(() -> CompletableFuture.failedFuture(missing(bucket))));
    }

    /** As {@link #require}, from what this node knows by itself: for calls that must work on any side of a partition. */
    CompletableFuture<BucketRecord> requireLocal(String bucket) {
        Seen known = seen.get(bucket);
        if (known != null) {
            return CompletableFuture.completedFuture(known.record());
        }
        return versions.local(BucketRecord.registerOf(bucket))
                .thenCompose(value -> note(bucket, value)
                        .map(CompletableFuture::completedFuture)
                        .orElseGet(() -> CompletableFuture.failedFuture(missing(bucket))));
    }

    /** Remembers what a register said of a bucket; empty if there is none. */
    Optional<BucketRecord> note(String bucket, RegisterValue value) {
        if (value.absent()) {
            seen.remove(bucket);
            return Optional.empty();
        }
        BucketRecord record = BucketRecord.fromBytes(value.payload());
        seen.put(bucket, new Seen(record, node.loop().nanoTime()));
        return Optional.of(record);
    }

    static NotFoundException missing(String bucket) {
        return new NotFoundException("there is no bucket '" + bucket + "'; create it first: PUT /v1/buckets/" + bucket
                + ", or KeplerCluster.createBucket(\"" + bucket + "\")");
    }
}
