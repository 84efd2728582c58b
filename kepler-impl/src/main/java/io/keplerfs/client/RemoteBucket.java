package io.keplerfs.client;

import io.keplerfs.Bucket;
import io.keplerfs.Conflicts;
import io.keplerfs.DeleteOptions;
import io.keplerfs.FileInfo;
import io.keplerfs.FileSnapshot;
import io.keplerfs.GetOptions;
import io.keplerfs.KeplerException;
import io.keplerfs.ListOptions;
import io.keplerfs.ListPage;
import io.keplerfs.PutOptions;
import io.keplerfs.UnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.CompletableFuture;
import okhttp3.RequestBody;

/** The files of one bucket, over HTTP. */
record RemoteBucket(String name, Asks asks, GatewayClient client) implements Bucket {
    @Override
    public FileInfo put(String key, InputStream content, PutOptions options) throws IOException {
        return send(key, new StreamBody(content, options.progress()), options);
    }

    @Override
    public CompletableFuture<FileInfo> putAsync(String key, InputStream content, PutOptions options) {
        return client.async(() -> put(key, content, options));
    }

    @Override
    public CompletableFuture<FileInfo> putAsync(String key, byte[] content, PutOptions options) {
        return client.async(() -> send(key, new BytesBody(content, options.progress()), options));
    }

    private FileInfo send(String key, RequestBody body, PutOptions options) throws IOException {
        return client.send(asks.put(name, key, body, options), Answers::fileInfo);
    }

    @Override
    public CompletableFuture<FileSnapshot> snapshotAsync(String key, GetOptions options) {
        return client.async(() -> {
            FileInfo file = look(key, options);
            return new RemoteSnapshot(file, ranges(file, options), client);
        });
    }

    @Override
    public CompletableFuture<FileInfo> headAsync(String key, GetOptions options) {
        return client.async(() -> look(key, options));
    }

    private RemoteStream.Ranges ranges(FileInfo file, GetOptions options) {
        return (first, last) -> asks.range(file, options, first, last);
    }

    private FileInfo look(String key, GetOptions options) throws IOException {
        return client.send(asks.head(name, key, options), response -> FileHeaders.read(name, key, response));
    }

    /**
     * One GET without a HEAD before it: half the round trips, and no version can come in between. The stream holds a connection
     * until it is read to its end or closed.
     */
    @Override
    public InputStream open(String key, GetOptions options) throws KeplerException {
        try {
            return client.open(asks.whole(name, key, options), response -> {
                FileInfo file = FileHeaders.read(name, key, response);
                return new RemoteStream(file, ranges(file, options), client, response);
            });
        } catch (KeplerException outcome) {
            throw outcome;
        } catch (IOException impossible) { // only a put has a stream of the caller's
            throw new UnavailableException(String.valueOf(impossible.getMessage()), impossible);
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>If an answer was lost and the delete was sent again, the result is that of the last sending: false then may mean that
     * the first one had deleted the file already.
     */
    @Override
    public CompletableFuture<Boolean> deleteAsync(String key, DeleteOptions options) {
        return client.async(() -> client.send(
                asks.delete(name, key, options), response -> "true".equals(response.header("X-Kepler-Deleted"))));
    }

    @Override
    public CompletableFuture<ListPage> listAsync(ListOptions options) {
        return client.async(() -> client.send(asks.list(name, options), Answers::listPage));
    }

    @Override
    public Conflicts conflicts() {
        return new RemoteConflicts(name, asks, client);
    }

    @Override
    public String toString() {
        return "RemoteBucket[" + name + "]";
    }
}
