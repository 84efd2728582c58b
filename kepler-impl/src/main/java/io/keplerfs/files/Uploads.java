package io.keplerfs.files;

import io.keplerfs.GetOptions;
import io.keplerfs.UnavailableException;
import io.keplerfs.loop.Failures;
import io.keplerfs.register.BallotWindow;
import io.keplerfs.register.HybridClock;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.register.Settled;
import io.keplerfs.spi.DiskFullException;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.UploadRow;
import io.keplerfs.values.VersionId;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The uploads this node coordinates, durably known from before their first pin, so that one that breaks off (a lost client, a
 * crash) leaves nothing behind. Any thread.
 *
 * <p>What became of an upload whose end is not known, only the register can say. It is asked with a full round first, after
 * which no old message can commit the upload any more; only then are its references dropped.
 */
final class Uploads {
    private static final Duration LOOK_EVERY = Duration.ofSeconds(15);
    private static final Duration SETTLE_TIMEOUT = Duration.ofSeconds(10);
    private static final Logger log = LoggerFactory.getLogger(Uploads.class);

    private final Node node;
    private final BucketCatalog buckets;
    private final Claimed.Elsewhere elsewhere;
    private final HybridClock clock;
    private final Set<VersionId> active = ConcurrentHashMap.newKeySet();

    /** @param elsewhere whether a conflict keeps an upload that its register does not name */
    Uploads(Node node, BucketCatalog buckets, HybridClock clock, Claimed.Elsewhere elsewhere) {
        this.elsewhere = elsewhere;
        this.node = node;
        this.buckets = buckets;
        this.clock = clock;
    }

    /** An id for an upload that begins now. */
    CompletableFuture<VersionId> newId() {
        return UploadId.next(node.loop(), clock);
    }

    /** The ballots under which it may be committed. */
    BallotWindow committing(VersionId upload) {
        return UploadId.committing(upload, node.limits().longestUpload());
    }

    /** Begins to look after uploads of earlier runs and of unknown end. On the loop, once. */
    void start() {
        look();
        node.loop().schedule(LOOK_EVERY, this::start);
    }

    /** Makes a new upload durably known. */
    CompletableFuture<Void> open(VersionId id, String bucket, String key) {
        active.add(id);
        UploadRow row = new UploadRow(id, bucket, key, node.loop().wallMillis());
        return node.store()
                .<Void>write(tables -> {
                    tables.putUpload(row);
                    return null;
                })
                .exceptionallyCompose(failure -> {
                    active.remove(id);
                    Throwable cause = Failures.unwrap(failure);
                    String why = "this node cannot store: " + (cause == null ? failure : cause).getMessage();
                    return CompletableFuture.failedFuture(
                            cause instanceof DiskFullException
                                    ? UnavailableException.noSpace(why, cause)
                                    : new UnavailableException(why, failure));
                });
    }

    /** Its manifest is committed, and these tasks are left of it; done when they are durable. */
    CompletableFuture<Void> committed(Upload upload, List<QueueRow> debts) {
        CompletableFuture<Void> closed = node.store().write(tables -> {
            close(tables, upload.pin().upload(), debts);
            return null;
        });
        active.remove(upload.pin().upload());
        node.delivery().confirm(upload.pin().upload(), upload.owners());
        // The register knows that it is committed; only the debts must be durable before the caller is told.
        return debts.isEmpty() ? CompletableFuture.completedFuture(null) : closed;
    }

    /** Part of a transaction that makes the upload's file visible. */
    static void close(Store.Transaction tables, VersionId upload, List<QueueRow> debts) {
        debts.forEach(tables::enqueue);
        tables.removeUpload(upload);
    }

    /** A fast upload's intent is durable. */
    void forget(VersionId upload) {
        active.remove(upload);
    }

    /** It certainly did not happen: its references go as soon as nothing of it is on its way any more. */
    void giveUp(Upload upload) {
        VersionId id = upload.pin().upload();
        upload.quiet().whenComplete((quiet, failure) -> unpin(id).whenComplete((done, lost) -> active.remove(id)));
    }

    /** Nobody knows whether it happened: it is settled later. */
    void leaveOpen(Upload upload) {
        upload.quiet()
                .whenComplete((quiet, failure) -> node.loop()
                        .schedule(LOOK_EVERY, () -> active.remove(upload.pin().upload())));
    }

    private CompletableFuture<Void> unpin(VersionId id) {
        return node.ownership(SETTLE_TIMEOUT)
                .thenCompose(ownership -> node.delivery().unpin(id, ownership.everybody()))
                .thenCompose(owed -> node.store().write(tables -> {
                    tables.removeUpload(id);
                    return null;
                }));
    }

    private void look() {
        node.loop().when(node.store().read(Store.Snapshot::uploads), (rows, failure) -> {
            if (rows != null && node.views().ownership().isPresent()) {
                rows.stream().filter(row -> active.add(row.id())).forEach(this::settle);
            }
        });
    }

    private void settle(UploadRow row) {
        settled(row).whenComplete((done, failure) -> {
            active.remove(row.id());
            if (failure != null) {
                log.debug(
                        "upload {} of {}/{} is not settled yet: {}",
                        row.id(),
                        row.bucket(),
                        row.key(),
                        failure.toString());
            }
        });
    }

    private CompletableFuture<Void> settled(UploadRow row) {
        // It may have ended between the look and now: only what is still written down is in doubt.
        return node.store()
                .read(tables ->
                        tables.uploads().stream().anyMatch(upload -> upload.id().equals(row.id())))
                .thenCompose(still -> still ? settleNow(row) : CompletableFuture.completedFuture(null));
    }

    private CompletableFuture<Void> settleNow(UploadRow row) {
        return buckets.requireEvenDeleted(row.bucket(), SETTLE_TIMEOUT).thenCompose(bucket -> {
            RegisterKey key = bucket.registerOf(row.bucket(), row.key());
            return node.registers()
                    .settle(key, row.id(), SETTLE_TIMEOUT)
                    .thenCompose(settled -> settled instanceof Settled.Sealed sealed
                            ? conclude(row, key, sealed.current())
                            : CompletableFuture.completedFuture(null));
        });
    }

    private CompletableFuture<Void> conclude(UploadRow row, RegisterKey key, RegisterValue current) {
        if (Claimed.names(current, row.id())) {
            log.info("upload {} of {}/{} was committed", row.id(), row.bucket(), row.key());
            return oweEverywhere(row, Manifest.of(current));
        }
        return elsewhere.keeps(key, row.id()).thenCompose(kept -> {
            log.info(
                    "upload {} of {}/{} is {}",
                    row.id(),
                    row.bucket(),
                    row.key(),
                    kept ? "kept as the loser of a conflict" : "dropped");
            return kept ? leaveToItsConflict(row) : unpin(row.id());
        });
    }

    /** It was committed, and replaced by a write that did not know of it. */
    private CompletableFuture<Void> leaveToItsConflict(UploadRow row) {
        return node.ownership(SETTLE_TIMEOUT).thenCompose(ownership -> {
            node.delivery().confirm(row.id(), ownership.everybody());
            return node.store().write(tables -> {
                tables.removeUpload(row.id());
                return null;
            });
        });
    }

    /** Which owners lack a chunk was known to the run that broke off: every owner is asked, and says itself what it has. */
    private CompletableFuture<Void> oweEverywhere(UploadRow row, Manifest manifest) {
        Pin pin = new Pin(row.id(), row.bucket(), row.key());
        GetOptions options = GetOptions.defaults();
        return node.ownership(SETTLE_TIMEOUT)
                .thenCompose(ownership -> {
                    node.delivery().confirm(row.id(), ownership.everybody());
                    return new ChunkIndex(node, manifest, pin, options).debts(ownership);
                })
                .thenCompose(debts -> node.store().write(tables -> {
                    close(tables, row.id(), debts);
                    return null;
                }));
    }
}
