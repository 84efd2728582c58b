package io.keplerfs.files;

import io.keplerfs.NotFoundException;
import io.keplerfs.UnavailableException;
import io.keplerfs.loop.Failures;
import io.keplerfs.register.RegisterValue;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which buckets there are. A bucket that was seen is trusted for a while: it saves every put and get a quorum read, at the price
 * that a put may succeed shortly after the bucket was deleted through another node, or as long as a partition hides the deletion.
 * Any thread.
 */
final class BucketCatalog {
    private static final Duration TRUST = Duration.ofSeconds(10);
    /** For calls that ask nobody as a rule: long enough for a busy quorum, short enough to be told of a partition at once. */
    private static final Duration ASK_TIMEOUT = Duration.ofSeconds(2);
    /** Settings of the store, by bucket: its record, empty once it was seen to be gone. */
    private static final String SETTING = "bucket/";

    private static final Logger log = LoggerFactory.getLogger(BucketCatalog.class);

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
        if (known == null) {
            return newest(bucket, timeout);
        }
        // The owners of the bucket's record and those of a file need not be on the same side of a partition: a file
        // whose
        // owners answer can be read and written as long as the bucket was once seen.
        Duration patience = timeout.compareTo(ASK_TIMEOUT) < 0 ? timeout : ASK_TIMEOUT;
        return newest(bucket, patience)
                .exceptionallyCompose(failure -> Failures.unwrap(failure) instanceof UnavailableException
                        ? CompletableFuture.completedFuture(known.record())
                        : CompletableFuture.failedFuture(failure));
    }

    /** As {@link #require}, for what is left under a bucket that was deleted meanwhile: its files must have been deleted before. */
    CompletableFuture<BucketRecord> requireEvenDeleted(String bucket, Duration timeout) {
        return require(bucket, timeout)
                // Only an empty bucket can be deleted: no file of it is committed, wherever its register was.
                .exceptionallyCompose(failure -> Failures.unwrap(failure) instanceof NotFoundException
                        ? CompletableFuture.completedFuture(new BucketRecord(0, BucketRecord.DEFAULT_SHARDS))
                        : CompletableFuture.failedFuture(failure));
    }

    private CompletableFuture<BucketRecord> newest(String bucket, Duration timeout) {
        return versions.newest(BucketRecord.registerOf(bucket), timeout)
                .thenCompose(value -> note(bucket, value)
                        .map(CompletableFuture::completedFuture)
                        .orElseGet(() -> CompletableFuture.failedFuture(missing(bucket))));
    }

    /**
     * As {@link #require}, from what this node knows by itself, now or in earlier runs: for calls that must work on any side of
     * a partition. Only a bucket it knows nothing of is asked for.
     */
    CompletableFuture<BucketRecord> requireLocal(String bucket) {
        Seen known = seen.get(bucket);
        if (known != null) {
            return CompletableFuture.completedFuture(known.record());
        }
        return versions.local(BucketRecord.registerOf(bucket))
                .thenCompose(value ->
                        value.isNone() ? remembered(bucket) : CompletableFuture.completedFuture(note(bucket, value)))
                .thenCompose(
                        record -> record.map(CompletableFuture::completedFuture).orElseGet(() -> ask(bucket)));
    }

    /** What an earlier run has seen. */
    private CompletableFuture<Optional<BucketRecord>> remembered(String bucket) {
        return node.read(tables -> tables.setting(SETTING + bucket)
                .filter(bytes -> bytes.length > 0)
                .map(BucketRecord::fromBytes));
    }

    /** That this node knows nothing of a bucket says nothing: it may not own the record, or be behind. */
    private CompletableFuture<BucketRecord> ask(String bucket) {
        return require(bucket, ASK_TIMEOUT).exceptionallyCompose(failure -> {
            Throwable cause = Objects.requireNonNullElse(Failures.unwrap(failure), failure);
            return CompletableFuture.failedFuture(
                    cause instanceof UnavailableException
                            ? new UnavailableException(
                                    "cannot tell whether bucket '" + bucket + "' exists: " + cause.getMessage(), cause)
                            : cause);
        });
    }

    /** Remembers what a register said of a bucket; empty if there is none. */
    Optional<BucketRecord> note(String bucket, RegisterValue value) {
        if (value.absent()) {
            seen.remove(bucket);
            persist(bucket, new byte[0]);
            return Optional.empty();
        }
        BucketRecord record = BucketRecord.fromBytes(value.payload());
        Seen before = seen.put(bucket, new Seen(record, node.loop().nanoTime()));
        if (before == null || !before.record().equals(record)) {
            persist(bucket, record.toBytes());
        }
        return Optional.of(record);
    }

    /** Local reads and fast writes must know the bucket also after a restart inside a partition. */
    private void persist(String bucket, byte[] record) {
        String name = SETTING + bucket;
        node.store()
                .read(tables -> Arrays.equals(tables.setting(name).orElse(new byte[0]), record))
                .thenCompose(known -> known
                        ? CompletableFuture.<@Nullable Void>completedFuture(null)
                        : node.store().<@Nullable Void>write(tables -> {
                            tables.putSetting(name, record);
                            return null;
                        }))
                .whenComplete((stored, failure) -> {
                    if (failure != null) {
                        log.info("cannot remember bucket {} beyond a restart: {}", bucket, failure.toString());
                    }
                });
    }

    static NotFoundException missing(String bucket) {
        return new NotFoundException("there is no bucket '" + bucket + "'; create it first: PUT /v1/buckets/" + bucket
                + ", or KeplerCluster.createBucket(\"" + bucket + "\")");
    }
}
