package io.keplerfs.files;

import io.keplerfs.ConflictPage;
import io.keplerfs.Conflicts;
import io.keplerfs.Consistency;
import io.keplerfs.FileSnapshot;
import io.keplerfs.GetOptions;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.ListOptions;
import io.keplerfs.PutOptions;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.VersionId;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** The conflicts of a bucket as this node serves them. */
record EmbeddedConflicts(String bucket, Node node, Services services) implements Conflicts {
    @Override
    public CompletableFuture<ConflictPage> listAsync(ListOptions options) {
        if (options.delimiter().isPresent() || options.consistency() != Consistency.QUORUM) {
            return CompletableFuture.failedFuture(new InvalidRequestException(
                    "conflicts are listed one by one and with a quorum: leave delimiter and consistency out"));
        }
        return reading(PutOptions.DEFAULT_TIMEOUT, () -> services.losers().list(bucket, options));
    }

    @Override
    public CompletableFuture<FileSnapshot> snapshotAsync(String key, VersionId loser, GetOptions options) {
        return reading(
                options.timeout(),
                () -> services.losers()
                        .require(bucket, key, loser, options.timeout())
                        .thenApply(record -> {
                            RegisterKey file = new RegisterKey(bucket, 0, key);
                            return new Snapshot(node, record.describe(file).loser(), record.manifest(), options);
                        }));
    }

    @Override
    public CompletableFuture<Boolean> dropAsync(String key, VersionId loser) {
        return node.calls()
                .track(
                        node.calls().writing(Optional.empty()),
                        () -> known(PutOptions.DEFAULT_TIMEOUT)
                                .thenCompose(found -> services.losers().drop(bucket, key, loser)));
    }

    private <T> CompletableFuture<T> reading(Duration timeout, Supplier<CompletableFuture<T>> call) {
        return node.calls().track(node.calls().reading(), () -> known(timeout).thenCompose(found -> call.get()));
    }

    private CompletableFuture<BucketRecord> known(Duration timeout) {
        try {
            Names.checkBucket(bucket);
        } catch (InvalidRequestException refused) {
            return CompletableFuture.failedFuture(refused);
        }
        return services.buckets().require(bucket, timeout);
    }
}
