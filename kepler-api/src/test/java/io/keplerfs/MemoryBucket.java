package io.keplerfs;

import io.keplerfs.values.VersionId;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A bucket in a map that keeps the conditions of puts, and whose writes end as a test scripts it. */
final class MemoryBucket implements Bucket {
    /** How the next write ends. */
    enum End {
        /** As it should. */
        DONE,
        /** It happened, and the caller is not told. */
        DONE_UNTOLD,
        /** It did not happen, and the caller is not told. */
        LOST_UNTOLD,
        /** Nothing was sent. */
        REFUSED
    }

    private final Map<String, FileInfo> files = new HashMap<>();
    private final Map<String, Long> tokens = new HashMap<>();
    private final Deque<End> script = new ArrayDeque<>();
    private long versions;

    void nextWritesEnd(End... ends) {
        script.addAll(java.util.List.of(ends));
    }

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public synchronized CompletableFuture<FileInfo> putAsync(String key, byte[] content, PutOptions options) {
        try {
            return CompletableFuture.completedFuture(write(key, content, options));
        } catch (KeplerException outcome) {
            return CompletableFuture.failedFuture(outcome);
        }
    }

    private FileInfo write(String key, byte[] content, PutOptions options) throws KeplerException {
        End end = script.isEmpty() ? End.DONE : script.remove();
        if (end == End.REFUSED) {
            throw new UnavailableException("too few owners answer");
        }
        FileInfo info = new FileInfo(
                name(),
                key,
                content.length,
                new VersionId(new UUID(0, ++versions)),
                options.contentType(),
                options.metadata(),
                Instant.EPOCH,
                Optional.empty());
        if (end == End.LOST_UNTOLD) {
            throw new IndeterminateException("sent, no answer", info.version());
        }
        check(key, files.get(key), options);
        files.put(key, info);
        options.fencingToken().ifPresent(token -> tokens.put(key, token));
        if (end == End.DONE_UNTOLD) {
            throw new IndeterminateException("sent, no answer", info.version());
        }
        return info;
    }

    private void check(String key, @Nullable FileInfo current, PutOptions options) throws KeplerException {
        OptionalLong stored = tokens.containsKey(key) ? OptionalLong.of(tokens.get(key)) : OptionalLong.empty();
        boolean absenceHolds = !options.onlyIfAbsent() || current == null;
        boolean etagHolds = options.ifMatch().isEmpty()
                || current != null && current.etag().equals(options.ifMatch().get());
        boolean tokenHolds = options.fencingToken().isEmpty()
                || stored.isEmpty()
                || stored.getAsLong() <= options.fencingToken().getAsLong();
        if (!absenceHolds || !etagHolds || !tokenHolds) {
            throw new PreconditionFailedException(key + " is " + current + " with token " + stored, stored, null);
        }
    }

    @Override
    public synchronized CompletableFuture<FileSnapshot> snapshotAsync(String key, GetOptions options) {
        FileInfo info = files.get(key);
        return info == null
                ? CompletableFuture.failedFuture(new NotFoundException("there is no file " + key))
                : CompletableFuture.completedFuture(new Head(info));
    }

    private record Head(FileInfo info) implements FileSnapshot {
        @Override
        public InputStream stream(long offset, long length) {
            throw new UnsupportedOperationException("a lock file is empty");
        }
    }

    /** The token stays, as a tombstone keeps it. */
    @Override
    public synchronized CompletableFuture<Boolean> deleteAsync(String key, DeleteOptions options) {
        return CompletableFuture.completedFuture(files.remove(key) != null);
    }

    @Override
    public FileInfo put(String key, InputStream content, PutOptions options) throws IOException {
        return put(key, content.readAllBytes(), options);
    }

    @Override
    public CompletableFuture<FileInfo> putAsync(String key, InputStream content, PutOptions options) {
        throw new UnsupportedOperationException("leases write from memory");
    }

    @Override
    public CompletableFuture<ListPage> listAsync(ListOptions options) {
        throw new UnsupportedOperationException("leases list nothing");
    }

    @Override
    public Conflicts conflicts() {
        throw new UnsupportedOperationException("leases have no conflicts");
    }
}
