package io.keplerfs.files;

import io.keplerfs.Conflict;
import io.keplerfs.ConflictPage;
import io.keplerfs.Durability;
import io.keplerfs.KeplerEvent;
import io.keplerfs.ListOptions;
import io.keplerfs.NotFoundException;
import io.keplerfs.PutOptions;
import io.keplerfs.UnavailableException;
import io.keplerfs.register.Change;
import io.keplerfs.register.ListResult;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.values.VersionId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the losing versions of conflicts, each in a register of its own (see {@link ConflictRecord}), and ends them when their
 * time is over. Any thread.
 *
 * <p>Whoever drops the references of a version that is not visible any more must ask {@link #keeps} first.
 */
final class Losers {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    /** Looking is a local scan; a conflict may outlive its time by this. */
    private static final Duration LONGEST_SWEEP = Duration.ofMinutes(10);

    private static final int SWEEP_BATCH = 200;
    private static final Logger log = LoggerFactory.getLogger(Losers.class);

    private final Node node;
    private final VersionReader versions;
    private final BucketCatalog buckets;
    private final Commit commit;
    private final Consumer<KeplerEvent> events;

    /** @param events told of every conflict kept by this node; any thread, must not block */
    Losers(Node node, VersionReader versions, BucketCatalog buckets, Commit commit, Consumer<KeplerEvent> events) {
        this.node = node;
        this.versions = versions;
        this.buckets = buckets;
        this.commit = commit;
        this.events = events;
    }

    /** Begins to end what is over. On the loop, once. */
    void start() {
        Duration kept = node.limits().conflictsKept();
        Duration period = kept.compareTo(LONGEST_SWEEP) < 0 ? kept : LONGEST_SWEEP;
        node.loop().schedule(period, () -> {
            sweep();
            start();
        });
    }

    /** Makes the version durable as the loser of a conflict, on a majority; a second time, or after it was dropped, changes nothing. */
    CompletableFuture<Void> keep(RegisterKey file, RegisterValue loser, VersionId winner) {
        ConflictRecord record = new ConflictRecord(winner, node.loop().wallMillis(), loser);
        Change change = current ->
                current.isNone() ? new Change.Write(record.toBytes(), false) : (Change.Decision) new Change.Keep();
        return node.newId()
                .thenCompose(id -> change(ConflictRecord.registerOf(file, loser.id()), id, change)
                        .thenAccept(done -> {
                            if (done.value().id().equals(id)) {
                                log.info(
                                        "version {} of {} lost against {} and is kept as a conflict",
                                        loser.id(),
                                        Commit.name(file),
                                        winner);
                                events.accept(new KeplerEvent.ConflictRecorded(record.describe(file)));
                            }
                        }));
    }

    private CompletableFuture<Commit.Done> change(RegisterKey conflict, VersionId id, Change change) {
        return commit.run(conflict, id, false, change, Durability.QUORUM, TIMEOUT);
    }

    /** Whether a loser of a conflict that has not ended was stored by this upload: its references must stay then. */
    CompletableFuture<Boolean> keeps(String bucket, String key, VersionId upload) {
        return keeps(bucket, key, upload, ConflictRecord.prefixOf(bucket));
    }

    private CompletableFuture<Boolean> keeps(String bucket, String key, VersionId upload, String after) {
        String prefix = ConflictRecord.prefixOf(bucket) + key + "/";
        return node.registers()
                .list(ConflictRecord.CONFLICTS, ConflictRecord.SHARDS, prefix, after, SWEEP_BATCH, true, TIMEOUT)
                .thenCompose(result -> {
                    if (result instanceof ListResult.Unavailable unavailable) {
                        return CompletableFuture.failedFuture(new UnavailableException(unavailable.reason()));
                    }
                    ListResult.Page page = (ListResult.Page) result;
                    boolean found = page.entries().stream()
                            .anyMatch(entry ->
                                    ConflictRecord.fileOf(entry.key()).key().equals(key) && isOf(entry, upload));
                    return found || !page.more()
                            ? CompletableFuture.completedFuture(found)
                            : keeps(
                                    bucket,
                                    key,
                                    upload,
                                    page.entries()
                                            .get(page.entries().size() - 1)
                                            .key());
                });
    }

    private static boolean isOf(ListResult.Entry entry, VersionId upload) {
        return ConflictRecord.fromBytes(entry.value().payload())
                .manifest()
                .upload()
                .equals(upload);
    }

    CompletableFuture<ConflictRecord> require(String bucket, String key, VersionId loser, Duration timeout) {
        return find(bucket, key, loser, timeout)
                .thenCompose(found -> found.map(CompletableFuture::completedFuture)
                        .orElseGet(() ->
                                CompletableFuture.failedFuture(new NotFoundException("version " + loser + " of '" + key
                                        + "' in bucket '" + bucket + "' is not kept as the loser of a conflict"))));
    }

    private CompletableFuture<Optional<ConflictRecord>> find(
            String bucket, String key, VersionId loser, Duration timeout) {
        return versions.newest(ConflictRecord.registerOf(bucket, key, loser), timeout)
                .thenApply(value ->
                        value.absent() ? Optional.empty() : Optional.of(ConflictRecord.fromBytes(value.payload())));
    }

    CompletableFuture<ConflictPage> list(String bucket, ListOptions options) {
        String prefix = ConflictRecord.prefixOf(bucket);
        String after = options.after().map(last -> prefix + last).orElse("");
        return node.ownership(PutOptions.DEFAULT_TIMEOUT)
                .thenCompose(ready -> node.registers()
                        .list(
                                ConflictRecord.CONFLICTS,
                                ConflictRecord.SHARDS,
                                prefix + options.prefix(),
                                after,
                                options.limit(),
                                true,
                                PutOptions.DEFAULT_TIMEOUT))
                .thenCompose(result -> page(prefix, result));
    }

    private static CompletableFuture<ConflictPage> page(String prefix, ListResult result) {
        if (result instanceof ListResult.Unavailable unavailable) {
            return CompletableFuture.failedFuture(new UnavailableException(unavailable.reason()));
        }
        ListResult.Page page = (ListResult.Page) result;
        List<Conflict> conflicts = new ArrayList<>();
        String last = "";
        for (ListResult.Entry entry : page.entries()) {
            conflicts.add(
                    ConflictRecord.fromBytes(entry.value().payload()).describe(ConflictRecord.fileOf(entry.key())));
            last = entry.key().substring(prefix.length());
        }
        return CompletableFuture.completedFuture(
                new ConflictPage(conflicts, page.more() ? Optional.of(last) : Optional.empty()));
    }

    /**
     * Ends a conflict; its register keeps a tombstone, so that a late delivery does not bring it back.
     *
     * @return whether there was one
     */
    CompletableFuture<Boolean> drop(String bucket, String key, VersionId loser) {
        AtomicReference<@Nullable ConflictRecord> ended = new AtomicReference<>();
        Change end = current -> {
            ended.set(current.absent() ? null : ConflictRecord.fromBytes(current.payload()));
            return current.absent() ? new Change.Keep() : new Change.Write(new byte[0], true);
        };
        return node.newId()
                .thenCompose(id -> change(ConflictRecord.registerOf(bucket, key, loser), id, end))
                .thenCompose(done -> {
                    ConflictRecord record = ended.get();
                    return record == null
                            ? CompletableFuture.completedFuture(false)
                            : giveBack(bucket, key, record).thenApply(gone -> true);
                });
    }

    /** The chunks of the loser, unless the version is visible after all: the conflict was recorded before it was replaced. */
    private CompletableFuture<Void> giveBack(String bucket, String key, ConflictRecord record) {
        VersionId upload = record.manifest().upload();
        if (record.manifest().content() instanceof Manifest.Inline) {
            return CompletableFuture.completedFuture(null);
        }
        return current(bucket, key)
                .thenCompose(current -> Claimed.names(current, upload)
                        ? CompletableFuture.completedFuture(null)
                        : Replaced.giveBack(
                                node, current, upload, record.loser().id()));
    }

    private CompletableFuture<RegisterValue> current(String bucket, String key) {
        return buckets.require(bucket, TIMEOUT)
                .thenCompose(found -> versions.newest(found.registerOf(bucket, key), TIMEOUT));
    }

    /**
     * Every owner of a record looks at its own copy; the first to end it does, the others find it ended. A node that is no owner
     * any more may have kept a row from before it was ended: it would try again for ever, and each try makes owners promise anew,
     * so that the tombstone never grows old.
     */
    private void sweep() {
        for (int shard = 0; shard < ConflictRecord.SHARDS; shard++) {
            if (owns(shard)) {
                sweep(shard, null);
            }
        }
    }

    private boolean owns(int shard) {
        return node.views()
                .ownership()
                .filter(known -> {
                    int partition = known.newest().ring().partitionOf(ConflictRecord.CONFLICTS, shard);
                    return known.ownerSets(partition).stream()
                            .anyMatch(owners -> owners.contains(node.rpc().self()));
                })
                .isPresent();
    }

    private void sweep(int shard, @Nullable String after) {
        long over = node.loop().wallMillis() - node.limits().conflictsKept().toMillis();
        node.loop()
                .when(
                        node.store()
                                .read(tables ->
                                        tables.registers(ConflictRecord.CONFLICTS, shard, "", after, SWEEP_BATCH)),
                        (rows, failure) -> {
                            if (rows != null) {
                                rows.forEach(row -> endIfOver(row, over));
                                if (rows.size() == SWEEP_BATCH) {
                                    sweep(shard, rows.get(rows.size() - 1).key().key());
                                }
                            }
                        });
    }

    private void endIfOver(RegisterRow row, long over) {
        RegisterValue value = RegisterValue.decode(row.value());
        if (value.absent()) {
            return;
        }
        ConflictRecord record = ConflictRecord.fromBytes(value.payload());
        if (record.detectedMillis() > over) {
            return;
        }
        RegisterKey file = ConflictRecord.fileOf(row.key().key());
        drop(file.bucket(), file.key(), record.loser().id()).whenComplete((ended, failure) -> {
            if (failure != null) {
                log.debug(
                        "conflict {} is over and cannot be ended yet: {}",
                        row.key().key(),
                        failure.toString());
            }
        });
    }
}
