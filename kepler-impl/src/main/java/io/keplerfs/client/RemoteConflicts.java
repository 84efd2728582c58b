package io.keplerfs.client;

import io.keplerfs.ConflictPage;
import io.keplerfs.Conflicts;
import io.keplerfs.Consistency;
import io.keplerfs.FileInfo;
import io.keplerfs.FileSnapshot;
import io.keplerfs.GetOptions;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.ListOptions;
import io.keplerfs.values.VersionId;
import java.util.concurrent.CompletableFuture;

/** The conflicts of one bucket, over HTTP. */
record RemoteConflicts(String bucket, Asks asks, GatewayClient client) implements Conflicts {
    @Override
    public CompletableFuture<ConflictPage> listAsync(ListOptions options) {
        if (options.delimiter().isPresent() || options.consistency() != Consistency.QUORUM) {
            return CompletableFuture.failedFuture(new InvalidRequestException(
                    "conflicts are listed one by one and with a quorum: leave delimiter and consistency out"));
        }
        return client.async(() -> client.send(asks.conflicts(bucket, options), Answers::conflictPage));
    }

    @Override
    public CompletableFuture<FileSnapshot> snapshotAsync(String key, VersionId loser, GetOptions options) {
        return client.async(() -> {
            FileInfo file = client.send(
                    asks.conflictHead(bucket, key, loser, options),
                    response -> FileHeaders.read(bucket, key, response));
            return new RemoteSnapshot(file, (first, last) -> asks.conflictRange(file, options, first, last), client);
        });
    }

    /** {@inheritDoc} As with a delete, a lost answer may turn true into false. */
    @Override
    public CompletableFuture<Boolean> dropAsync(String key, VersionId loser) {
        return client.async(() -> client.send(
                asks.dropConflict(bucket, key, loser), response -> "true".equals(response.header("X-Kepler-Deleted"))));
    }
}
