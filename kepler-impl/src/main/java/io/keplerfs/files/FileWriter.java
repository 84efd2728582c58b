package io.keplerfs.files;

import io.keplerfs.DeleteOptions;
import io.keplerfs.Durability;
import io.keplerfs.FileInfo;
import io.keplerfs.IndeterminateException;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.PutOptions;
import io.keplerfs.Receipt;
import io.keplerfs.UnavailableException;
import io.keplerfs.loop.Failures;
import io.keplerfs.register.BallotWindow;
import io.keplerfs.register.Change;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.Store;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Puts and deletes: stores what must be stored, commits the manifest, and tells the caller what was durable. Any thread. */
final class FileWriter {
    private final Node node;
    private final VersionReader versions;
    private final BucketCatalog buckets;
    private final Uploads uploads;
    private final Commit commit;
    private final FastWrites fast;

    FileWriter(
            Node node, VersionReader versions, BucketCatalog buckets, Uploads uploads, Commit commit, FastWrites fast) {
        this.node = node;
        this.versions = versions;
        this.buckets = buckets;
        this.uploads = uploads;
        this.commit = commit;
        this.fast = fast;
    }

    /** A small file: its bytes are part of the manifest. */
    CompletableFuture<FileInfo> putInline(
            String bucket, String key, byte[] content, PutOptions options, VersionId version) {
        Store.Usage usage = node.store().usage();
        if (content.length > 0 && !usage.hasRoomForNew(content.length)) {
            return CompletableFuture.failedFuture(UnavailableException.noSpace(
                    "put " + bucket + "/" + key + ": the disk of this node is full (" + usage.freeBytes()
                            + " bytes free, "
                            + usage.newBytesFloor()
                            + " are kept for deletes and repair); delete files, add disk, or ask another node",
                    null));
        }
        return bucket(bucket, options).thenCompose(record -> {
            RegisterKey register = record.registerOf(bucket, key);
            Manifest manifest = Manifest.of(version, content.length, options, new Manifest.Inline(content));
            options.progress().onProgress(content.length, content.length);
            if (options.durability() == Durability.FAST) {
                return fast.write(register, version, new Change.Write(manifest.toBytes(), false), tables -> {})
                        .thenApply(value -> fastInfo(register, manifest, value, Set.of()));
            }
            return commit(register, version, manifest, options)
                    .thenApply(done -> manifest.info(register, own(done, version, manifest))
                            .withReceipt(receipt(options, done, done.acked().size(), Set.of(), Set.of())));
        });
    }

    /** A file of unknown length, read where its source says. */
    CompletableFuture<FileInfo> put(String bucket, String key, Source source, PutOptions options) {
        int inlineLimit = node.limits().inlineLimitBytes();
        return source.first(inlineLimit + 1)
                .thenCompose(first -> first.length <= inlineLimit
                        ? putInline(bucket, key, first, source, options)
                        : putChunks(bucket, key, first, source, options));
    }

    /** The version is known before anything is sent, for a caller that is interrupted while it waits. */
    private CompletableFuture<FileInfo> putInline(
            String bucket, String key, byte[] content, Source source, PutOptions options) {
        return version(options)
                .thenCompose(version -> source.put().sending(version)
                        ? putInline(bucket, key, content, options, version)
                        : CompletableFuture.failedFuture(new UnavailableException("the caller has stopped waiting")));
    }

    private CompletableFuture<FileInfo> putChunks(
            String bucket, String key, byte[] first, Source source, PutOptions options) {
        return bucket(bucket, options).thenCompose(record -> {
            RegisterKey register = record.registerOf(bucket, key);
            return checkConditionEarly(register, options)
                    .thenCompose(holds -> version(options))
                    .thenCompose(version -> uploads.newId().thenCompose(id -> {
                        Upload upload = new Upload(node, id, bucket, key, options);
                        return uploads.open(id, bucket, key)
                                .thenCompose(open -> store(upload, first, source, version))
                                .thenCompose(manifest -> upload.isFast()
                                        ? finishFast(register, version, upload, manifest)
                                        : finish(register, version, upload, manifest, options));
                    }));
        });
    }

    /** Done when every chunk is durable and the manifest may be sent; given up for good otherwise. */
    private CompletableFuture<Manifest> store(Upload upload, byte[] first, Source source, VersionId version) {
        return upload.store(first, source)
                .thenCompose(content -> source.put().sending(version)
                        ? CompletableFuture.completedFuture(upload.manifest(content))
                        : CompletableFuture.failedFuture(new UnavailableException("the caller has stopped waiting")))
                .exceptionallyCompose(brokenOff -> {
                    uploads.giveUp(upload);
                    return CompletableFuture.failedFuture(brokenOff);
                });
    }

    /** Saves the caller from sending gigabytes towards a refusal; what counts is the check at the commit. */
    private CompletableFuture<@Nullable Void> checkConditionEarly(RegisterKey register, PutOptions options) {
        Condition condition = Condition.of(options);
        if (condition.isNone() || options.repeats()) {
            return CompletableFuture.completedFuture(null);
        }
        return versions.newest(register, options.timeout())
                .thenCompose(current -> condition
                        .violatedBy(current)
                        .map(violation ->
                                CompletableFuture.<@Nullable Void>failedFuture(new PreconditionFailedException(
                                        Commit.name(register) + ": " + violation, Manifest.tokenOf(current), null)))
                        .orElseGet(() -> CompletableFuture.completedFuture(null)));
    }

    private CompletableFuture<FileInfo> finish(
            RegisterKey register, VersionId version, Upload upload, Manifest manifest, PutOptions options) {
        return commit(register, version, manifest, options)
                .exceptionallyCompose(
                        failure -> CompletableFuture.failedFuture(abandon(upload, version, Failures.unwrap(failure))))
                .thenCompose(done -> upload.debts()
                        .thenCompose(debts -> record(done, upload, debts)
                                .exceptionallyCompose(lost -> CompletableFuture.failedFuture(
                                        Commit.notRecorded(version, Objects.requireNonNull(Failures.unwrap(lost)))))
                                .thenApply(owedEarlier -> {
                                    Set<NodeId> pending = new TreeSet<>(owedEarlier);
                                    debts.forEach(task -> pending.add(task.target()));
                                    int copies = Math.min(
                                            upload.fewestCopies(), done.acked().size());
                                    return manifest.info(register, own(done, version, manifest))
                                            .withReceipt(receipt(options, done, copies, upload.owners(), pending));
                                })));
    }

    /** Makes durable what owners still lack; done with those to whom something was owed before. */
    private CompletableFuture<Set<NodeId>> record(Commit.Done done, Upload upload, List<QueueRow> debts) {
        if (!isOf(done.value(), upload)) {
            // An earlier try of this write had made it, with chunks of its own; or a later write has replaced it
            // already.
            uploads.leaveOpen(upload);
            return upload.owedEarlier();
        }
        return uploads.committed(upload, debts).thenCompose(recorded -> upload.owedEarlier());
    }

    /** Only a refusal of the register itself proves that the upload's chunks are not needed. */
    private Throwable abandon(Upload upload, VersionId version, @Nullable Throwable failure) {
        if (failure instanceof UnavailableException || failure instanceof PreconditionFailedException) {
            uploads.giveUp(upload);
            return failure;
        }
        uploads.leaveOpen(upload);
        return failure instanceof IndeterminateException maybe
                ? maybe
                : new IndeterminateException(
                        "nobody knows how the commit of version " + version + " ended (" + failure
                                + "); it may still appear; repeating it is safe",
                        version,
                        failure);
    }

    private static boolean isOf(RegisterValue value, Upload upload) {
        return !value.absent()
                && Manifest.of(value).upload().equals(upload.pin().upload());
    }

    private CompletableFuture<FileInfo> finishFast(
            RegisterKey register, VersionId version, Upload upload, Manifest manifest) {
        return upload.debts()
                .thenCompose(debts -> fast.write(
                        register,
                        version,
                        new Change.Write(manifest.toBytes(), false),
                        tables -> Uploads.close(tables, upload.pin().upload(), debts)))
                .exceptionallyCompose(failure -> {
                    uploads.leaveOpen(upload);
                    return CompletableFuture.failedFuture(failure);
                })
                .thenApply(value -> {
                    uploads.forget(upload.pin().upload());
                    return fastInfo(register, manifest, value, upload.owners());
                });
    }

    private FileInfo fastInfo(RegisterKey register, Manifest manifest, RegisterValue value, Set<NodeId> chunkOwners) {
        Set<NodeId> pending = new TreeSet<>(chunkOwners);
        node.views().of(register).ownerSets().forEach(pending::addAll);
        List<NodeId> owners = List.copyOf(pending);
        pending.remove(node.rpc().self());
        return manifest.info(register, value)
                .withReceipt(new Receipt(Durability.FAST, 1, owners, List.copyOf(pending)));
    }

    CompletableFuture<Boolean> delete(String bucket, String key, DeleteOptions options) {
        Condition condition = Condition.of(options);
        if (options.durability() == Durability.FAST) {
            return deleteFast(bucket, key);
        }
        AtomicBoolean existed = new AtomicBoolean();
        return buckets.require(bucket, options.timeout())
                .thenCompose(record -> node.newId()
                        .thenCompose(version -> commit.run(
                                        record.registerOf(bucket, key),
                                        version,
                                        false,
                                        condition.delete(existed),
                                        options.durability(),
                                        options.timeout())
                                .thenCompose(done -> replaceFast(record.registerOf(bucket, key), done))))
                .thenApply(done -> existed.get());
    }

    private CompletableFuture<Boolean> deleteFast(String bucket, String key) {
        return buckets.requireLocal(bucket).thenCompose(record -> {
            RegisterKey register = record.registerOf(bucket, key);
            return versions.local(register).thenCompose(current -> {
                Change.Write tombstone = new Change.Write(Manifest.tombstone(Manifest.tokenOf(current)), true);
                return node.newId()
                        .thenCompose(version -> fast.write(register, version, tombstone, tables -> {}))
                        .thenApply(written -> !current.absent());
            });
        });
    }

    private CompletableFuture<BucketRecord> bucket(String bucket, PutOptions options) {
        return options.durability() == Durability.FAST
                ? buckets.requireLocal(bucket)
                : buckets.require(bucket, options.timeout());
    }

    /** The id of the write: the caller's, or a new one. */
    CompletableFuture<VersionId> version(PutOptions options) {
        return options.version().map(CompletableFuture::completedFuture).orElseGet(node::newId);
    }

    private CompletableFuture<Commit.Done> commit(
            RegisterKey register, VersionId version, Manifest manifest, PutOptions options) {
        return commit.run(
                        register,
                        version,
                        options.repeats(),
                        Condition.of(options).put(manifest),
                        options.durability(),
                        manifest.hasChunks() ? uploads.committing(manifest.upload()) : BallotWindow.ANY,
                        options.timeout())
                .thenCompose(done -> replaceFast(register, done));
    }

    /** What waits here and was overwritten just now is no conflict. */
    private CompletableFuture<Commit.Done> replaceFast(RegisterKey register, Commit.Done done) {
        return fast.overwritten(register, done.value()).thenApply(noted -> done);
    }

    /** This write's own value: a later one may have been built on it before it was finished. */
    private static RegisterValue own(Commit.Done done, VersionId version, Manifest manifest) {
        RegisterValue value = done.value();
        return value.id().equals(version)
                ? value
                : new RegisterValue(version, value.time(), List.of(), 0, false, manifest.toBytes());
    }

    private static Receipt receipt(
            PutOptions options,
            Commit.Done done,
            int copies,
            Collection<NodeId> chunkOwners,
            Collection<NodeId> chunksPending) {
        Set<NodeId> owners = new TreeSet<>(chunkOwners);
        owners.addAll(done.acked());
        owners.addAll(done.open());
        Set<NodeId> pending = new TreeSet<>(chunksPending);
        pending.addAll(done.open());
        return new Receipt(options.durability(), copies, List.copyOf(owners), List.copyOf(pending));
    }
}
