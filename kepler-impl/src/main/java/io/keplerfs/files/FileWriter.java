package io.keplerfs.files;

import io.keplerfs.DeleteOptions;
import io.keplerfs.Durability;
import io.keplerfs.FileInfo;
import io.keplerfs.IndeterminateException;
import io.keplerfs.KeplerException;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.PutOptions;
import io.keplerfs.Receipt;
import io.keplerfs.UnavailableException;
import io.keplerfs.Waiting;
import io.keplerfs.register.Change;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

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
        return bucket(bucket, options).thenCompose(record -> {
            RegisterKey register = record.registerOf(bucket, key);
            Manifest manifest = manifest(version, content.length, options, new Manifest.Inline(content));
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

    /** A large file, chunk by chunk, on the caller's thread. */
    FileInfo putChunks(String bucket, String key, byte[] first, InputStream rest, PutOptions options)
            throws IOException {
        RegisterKey register = Waiting.forResult(bucket(bucket, options)).registerOf(bucket, key);
        checkConditionEarly(register, options);
        VersionId version = Waiting.forResult(version(options));
        Upload upload = new Upload(node, Waiting.forResult(node.newId()), bucket, key, options);
        Waiting.forResult(uploads.open(upload.pin().upload(), bucket, key));
        Manifest manifest;
        try {
            upload.store(first, rest);
            manifest = manifest(upload.pin().upload(), upload.sizeBytes(), options, upload.content());
        } catch (IOException | RuntimeException brokenOff) {
            uploads.giveUp(upload);
            throw brokenOff;
        }
        return upload.isFast()
                ? finishFast(register, version, upload, manifest)
                : finish(register, version, upload, manifest, options);
    }

    /** Saves the caller from sending gigabytes towards a refusal; what counts is the check at the commit. */
    private void checkConditionEarly(RegisterKey register, PutOptions options) throws KeplerException {
        Condition condition = Condition.of(options);
        if (condition.isNone() || options.version().isPresent()) {
            return;
        }
        RegisterValue current = Waiting.forResult(versions.newest(register, options.timeout()));
        var violation = condition.violatedBy(current);
        if (violation.isPresent()) {
            throw new PreconditionFailedException(
                    Commit.name(register) + ": " + violation.get(), Manifest.tokenOf(current), null);
        }
    }

    private FileInfo finish(
            RegisterKey register, VersionId version, Upload upload, Manifest manifest, PutOptions options)
            throws KeplerException {
        CompletableFuture<Commit.Done> committing = commit(register, version, manifest, options);
        Commit.Done done;
        try {
            done = Waiting.forResult(committing);
        } catch (KeplerException | RuntimeException failure) {
            throw abandon(upload, version, committing, failure);
        }
        List<QueueRow> debts = Waiting.forResult(upload.debts());
        if (isOf(done.value(), upload)) {
            Waiting.forResult(uploads.committed(upload, debts)
                    .exceptionallyCompose(lost -> CompletableFuture.failedFuture(Commit.notRecorded(version, lost))));
        } else {
            // An earlier try of this write had made it, with chunks of its own; or a later write has replaced it
            // already.
            uploads.leaveOpen(upload);
        }
        Set<NodeId> pending = new TreeSet<>(Waiting.forResult(upload.owedEarlier()
                .exceptionallyCompose(lost -> CompletableFuture.failedFuture(Commit.notRecorded(version, lost)))));
        debts.forEach(task -> pending.add(task.target()));
        int copies = Math.min(upload.fewestCopies(), done.acked().size());
        return manifest.info(register, own(done, version, manifest))
                .withReceipt(receipt(options, done, copies, upload.owners(), pending));
    }

    /** Only a refusal of the register itself proves that the upload's chunks are not needed. */
    private KeplerException abandon(
            Upload upload, VersionId version, CompletableFuture<Commit.Done> committing, Exception failure) {
        boolean refused = committing.isCompletedExceptionally()
                && (failure instanceof UnavailableException || failure instanceof PreconditionFailedException);
        if (refused) {
            uploads.giveUp(upload);
            return (KeplerException) failure;
        }
        uploads.leaveOpen(upload);
        return failure instanceof IndeterminateException maybe
                ? maybe
                : new IndeterminateException(
                        "the caller stopped waiting for the commit of version " + version + " (" + failure.getMessage()
                                + "); it may still appear; repeating it is safe",
                        version,
                        failure);
    }

    private static boolean isOf(RegisterValue value, Upload upload) {
        return !value.absent()
                && Manifest.of(value).upload().equals(upload.pin().upload());
    }

    private FileInfo finishFast(RegisterKey register, VersionId version, Upload upload, Manifest manifest)
            throws KeplerException {
        List<QueueRow> debts = Waiting.forResult(upload.debts());
        Change.Write write = new Change.Write(manifest.toBytes(), false);
        RegisterValue value = Waiting.forResult(fast.write(
                register,
                version,
                write,
                tables -> Uploads.close(tables, upload.pin().upload(), debts)));
        uploads.forget(upload.pin().upload());
        return fastInfo(register, manifest, value, upload.owners());
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
                        options.version().isPresent(),
                        Condition.of(options).put(manifest),
                        options.durability(),
                        options.timeout())
                .thenCompose(done -> replaceFast(register, done));
    }

    /** What waits here and was overwritten just now is no conflict. */
    private CompletableFuture<Commit.Done> replaceFast(RegisterKey register, Commit.Done done) {
        return fast.overwritten(register, done.value()).thenApply(noted -> done);
    }

    private static Manifest manifest(VersionId upload, long size, PutOptions options, Manifest.Content content) {
        return new Manifest(
                upload, size, options.fencingToken(), 0, options.contentType(), options.metadata(), content);
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
