package io.keplerfs.files;

import io.keplerfs.Bucket;
import io.keplerfs.Conflicts;
import io.keplerfs.Consistency;
import io.keplerfs.DeleteOptions;
import io.keplerfs.Durability;
import io.keplerfs.FileInfo;
import io.keplerfs.FileSnapshot;
import io.keplerfs.GetOptions;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.KeplerException;
import io.keplerfs.ListOptions;
import io.keplerfs.ListPage;
import io.keplerfs.NotFoundException;
import io.keplerfs.PutOptions;
import io.keplerfs.UnavailableException;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.spi.RegisterKey;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A bucket as this node serves it. */
final class EmbeddedBucket implements Bucket {
    private final String name;
    private final Node node;
    private final Services services;
    private final OpenCalls calls;

    EmbeddedBucket(String name, Node node, Services services) {
        this.name = name;
        this.node = node;
        this.services = services;
        this.calls = node.calls();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public FileInfo put(String key, InputStream content, PutOptions options) throws IOException {
        check(key, options);
        return calls.run(calls.writing(options.version()), () -> {
            CallersThread thread = new CallersThread();
            PutAttempt put = new PutAttempt(name + "/" + key);
            Source source = new Source(new CallersStream(content, calls), thread, put);
            return thread.waitFor(services.writer().put(name, key, source, options), put);
        });
    }

    @Override
    public FileInfo put(String key, byte[] content, PutOptions options) throws KeplerException {
        try {
            return put(key, new ByteArrayInputStream(content), options);
        } catch (KeplerException outcome) {
            throw outcome;
        } catch (IOException impossible) {
            throw new UncheckedIOException("an array cannot fail to be read", impossible);
        }
    }

    @Override
    public CompletableFuture<FileInfo> putAsync(String key, InputStream content, PutOptions options) {
        try {
            check(key, options);
        } catch (InvalidRequestException refused) {
            return CompletableFuture.failedFuture(refused);
        }
        if (!services.workerUploads().tryTake()) {
            return CompletableFuture.failedFuture(
                    new UnavailableException("too many uploads run on this node's own threads"));
        }
        PutAttempt put = new PutAttempt(name + "/" + key);
        Source source = new Source(new CallersStream(content, calls), this::onWorker, put);
        return calls.track(
                        calls.writing(options.version()),
                        () -> services.writer().put(name, key, source, options))
                .whenComplete((done, failure) -> services.workerUploads().giveBack());
    }

    @Override
    public CompletableFuture<FileInfo> putAsync(String key, byte[] content, PutOptions options) {
        if (content.length > node.limits().inlineLimitBytes()) {
            return putAsync(key, new ByteArrayInputStream(content), options);
        }
        try {
            check(key, options);
        } catch (InvalidRequestException refused) {
            return CompletableFuture.failedFuture(refused);
        }
        return calls.track(
                calls.writing(options.version()),
                () -> services.writer()
                        .version(options)
                        .thenCompose(version -> services.writer().putInline(name, key, content, options, version)));
    }

    /** A read that blocks when the node is closed is interrupted. */
    private void onWorker(Runnable read) {
        node.workers().blocking().execute(() -> {
            try {
                calls.carryOn(calls.reading(), () -> {
                    read.run();
                    return true;
                });
            } catch (IOException closed) {
                // It fails by itself, and tells whoever waits for it.
                read.run();
            }
        });
    }

    private void check(String key, PutOptions options) throws InvalidRequestException {
        Names.checkBucket(name);
        Names.checkKey(key);
        Names.checkMetadata(options.contentType(), options.metadata());
        refuseFastConditions(options.durability(), Condition.of(options));
    }

    private static void refuseFastConditions(Durability durability, Condition condition)
            throws InvalidRequestException {
        if (durability == Durability.FAST && !condition.isNone()) {
            throw new InvalidRequestException("a fast write asks no other node, so it cannot be conditional: "
                    + "use durability quorum or all, or drop the condition");
        }
    }

    @Override
    public CompletableFuture<FileSnapshot> snapshotAsync(String key, GetOptions options) {
        try {
            Names.checkBucket(name);
            Names.checkKey(key);
        } catch (InvalidRequestException refused) {
            return CompletableFuture.failedFuture(refused);
        }
        return calls.track(calls.reading(), () -> find(key, options));
    }

    private CompletableFuture<FileSnapshot> find(String key, GetOptions options) {
        CompletableFuture<BucketRecord> bucket = options.consistency() == Consistency.LOCAL
                ? services.buckets().requireLocal(name)
                : services.buckets().require(name, options.timeout());
        return bucket.thenCompose(record -> {
            RegisterKey register = record.registerOf(name, key);
            return services.versions()
                    .read(register, options.consistency(), options.timeout())
                    .thenCompose(value -> snapshot(register, value, options));
        });
    }

    private CompletableFuture<FileSnapshot> snapshot(RegisterKey register, RegisterValue value, GetOptions options) {
        if (value.absent()) {
            return CompletableFuture.failedFuture(new NotFoundException("there is no file '" + register.key()
                    + "' in bucket '" + name + "'"
                    + (options.consistency() == Consistency.LOCAL ? " as far as this node knows" : "")));
        }
        Manifest manifest = Manifest.of(value);
        return CompletableFuture.completedFuture(new Snapshot(node, manifest.info(register, value), manifest, options));
    }

    @Override
    public CompletableFuture<Boolean> deleteAsync(String key, DeleteOptions options) {
        try {
            Names.checkBucket(name);
            Names.checkKey(key);
            refuseFastConditions(options.durability(), Condition.of(options));
        } catch (InvalidRequestException refused) {
            return CompletableFuture.failedFuture(refused);
        }
        return calls.track(
                calls.writing(Optional.empty()), () -> services.writer().delete(name, key, options));
    }

    @Override
    public Conflicts conflicts() {
        return new EmbeddedConflicts(name, node, services);
    }

    @Override
    public CompletableFuture<ListPage> listAsync(ListOptions options) {
        try {
            Names.checkBucket(name);
        } catch (InvalidRequestException refused) {
            return CompletableFuture.failedFuture(refused);
        }
        return calls.track(calls.reading(), () -> services.lister().list(name, options));
    }
}
