package io.keplerfs.http;

import io.keplerfs.Bucket;
import io.keplerfs.Conflict;
import io.keplerfs.ConflictPage;
import io.keplerfs.Conflicts;
import io.keplerfs.Consistency;
import io.keplerfs.DeleteOptions;
import io.keplerfs.FileInfo;
import io.keplerfs.FileSnapshot;
import io.keplerfs.GetOptions;
import io.keplerfs.ListOptions;
import io.keplerfs.ListPage;
import io.keplerfs.NotFoundException;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.PutOptions;
import io.keplerfs.Receipt;
import io.keplerfs.values.VersionId;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** One bucket of {@link FakeCluster}. */
final class FakeBucket implements Bucket {
    /** Order of the UTF-8 bytes, as listings promise. */
    private static final Comparator<String> BYTE_ORDER = (one, other) ->
            Arrays.compareUnsigned(one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));

    record Stored(FileInfo info, byte[] content) {}

    final NavigableMap<String, Stored> files = new ConcurrentSkipListMap<>(BYTE_ORDER);
    private final Map<String, Stored> conflicts = new ConcurrentSkipListMap<>();
    final Map<String, Long> tokens = new ConcurrentHashMap<>();
    final List<Throwable> brokenUploads = new CopyOnWriteArrayList<>();
    private final FakeCluster cluster;
    private final String name;

    /** Seen by tests: the options and stream of the last calls. */
    volatile @Nullable PutOptions lastPut;

    volatile @Nullable GetOptions lastGet;
    volatile @Nullable DeleteOptions lastDelete;
    volatile @Nullable ListOptions lastList;
    volatile @Nullable InputStream lastContent;

    /** Wraps every stream a snapshot opens. */
    volatile UnaryOperator<InputStream> reading = in -> in;

    /** Reads the content of every streamed put. */
    volatile ContentReader writing = InputStream::readAllBytes;

    @FunctionalInterface
    interface ContentReader {
        byte[] read(InputStream content) throws IOException;
    }

    FakeBucket(FakeCluster cluster, String name) {
        this.cluster = cluster;
        this.name = name;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public FileInfo put(String key, InputStream content, PutOptions options) throws IOException {
        cluster.requireBucket(name);
        lastContent = content;
        try {
            return store(key, writing.read(content), options);
        } catch (IOException broken) {
            brokenUploads.add(broken);
            throw broken;
        }
    }

    @Override
    public CompletableFuture<FileInfo> putAsync(String key, InputStream content, PutOptions options) {
        return cluster.answer(() -> put(key, content, options));
    }

    @Override
    public CompletableFuture<FileInfo> putAsync(String key, byte[] content, PutOptions options) {
        return cluster.answer(() -> store(key, content, options));
    }

    private synchronized FileInfo store(String key, byte[] content, PutOptions options) throws IOException {
        cluster.requireBucket(name);
        lastPut = options;
        check(key, options.ifMatch(), options.fencingToken().orElse(-1));
        if (options.onlyIfAbsent() && files.containsKey(key)) {
            throw new PreconditionFailedException(key + " exists");
        }
        options.fencingToken().ifPresent(token -> tokens.put(key, token));
        FileInfo info = new FileInfo(
                name,
                key,
                content.length,
                options.version().orElseGet(cluster::nextVersion),
                options.contentType(),
                options.metadata(),
                FakeCluster.NOW,
                Optional.empty());
        files.put(key, new Stored(info, content));
        List<io.keplerfs.values.NodeId> owners = List.of(FakeCluster.SELF, FakeCluster.OTHER);
        return info.withReceipt(new Receipt(options.durability(), 1, owners, List.of(FakeCluster.OTHER)));
    }

    private void check(String key, Optional<String> ifMatch, long token) throws PreconditionFailedException {
        Stored now = files.get(key);
        if (ifMatch.isPresent() && (now == null || !now.info().etag().equals(ifMatch.get()))) {
            throw new PreconditionFailedException(key + " is not " + ifMatch.get());
        }
        if (token >= 0 && tokens.getOrDefault(key, 0L) > token) {
            throw new PreconditionFailedException(
                    "token " + token + " is below " + tokens.get(key), OptionalLong.of(tokens.get(key)), null);
        }
    }

    @Override
    public CompletableFuture<FileSnapshot> snapshotAsync(String key, GetOptions options) {
        return cluster.answer(() -> {
            cluster.requireBucket(name);
            lastGet = options;
            Stored stored = files.get(key);
            if (stored == null) {
                throw new NotFoundException("there is no file " + name + "/" + key);
            }
            return new Snapshot(stored);
        });
    }

    private final class Snapshot implements FileSnapshot {
        private final Stored stored;

        Snapshot(Stored stored) {
            this.stored = stored;
        }

        @Override
        public FileInfo info() {
            return stored.info();
        }

        @Override
        public InputStream stream(long offset, long length) {
            if (offset < 0 || length < 0 || offset + length > stored.content().length) {
                throw new IllegalArgumentException("range " + offset + "+" + length + " is not within the file");
            }
            return reading.apply(new ByteArrayInputStream(stored.content(), (int) offset, (int) length));
        }
    }

    @Override
    public CompletableFuture<Boolean> deleteAsync(String key, DeleteOptions options) {
        return cluster.answer(() -> {
            cluster.requireBucket(name);
            lastDelete = options;
            check(key, options.ifMatch(), options.fencingToken().orElse(-1));
            return files.remove(key) != null;
        });
    }

    /** Makes this version the loser of a conflict; lists, reads and drops of it then work. */
    void addConflict(FileInfo loser, byte[] content) {
        conflicts.put(loser.key() + "/" + loser.version(), new Stored(loser, content));
    }

    @Override
    public Conflicts conflicts() {
        return new Conflicts() {
            @Override
            public CompletableFuture<ConflictPage> listAsync(ListOptions options) {
                return cluster.answer(() -> {
                    lastList = options;
                    List<Conflict> page = conflicts.values().stream()
                            .map(lost -> new Conflict(lost.info(), lost.info().version(), Instant.EPOCH))
                            .toList();
                    return new ConflictPage(page, Optional.of("a/b/" + page.size()));
                });
            }

            @Override
            public CompletableFuture<FileSnapshot> snapshotAsync(String key, VersionId loser, GetOptions options) {
                return cluster.answer(() -> {
                    lastGet = options;
                    Stored stored = conflicts.get(key + "/" + loser);
                    if (stored == null) {
                        throw new NotFoundException("there is no conflict about " + key + " " + loser);
                    }
                    return new Snapshot(stored);
                });
            }

            @Override
            public CompletableFuture<Boolean> dropAsync(String key, VersionId loser) {
                return cluster.answer(() -> conflicts.remove(key + "/" + loser) != null);
            }
        };
    }

    @Override
    public CompletableFuture<ListPage> listAsync(ListOptions options) {
        return cluster.answer(() -> {
            cluster.requireBucket(name);
            lastList = options;
            return page(options);
        });
    }

    private ListPage page(ListOptions options) {
        List<FileInfo> found = new ArrayList<>();
        TreeSet<String> prefixes = new TreeSet<>(BYTE_ORDER);
        for (Stored stored : files.values()) {
            String key = stored.info().key();
            if (!key.startsWith(options.prefix())
                    || options.after()
                            .filter(after -> BYTE_ORDER.compare(key, after) <= 0)
                            .isPresent()) {
                continue;
            }
            int fold = options.delimiter()
                    .map(delimiter -> key.indexOf(delimiter, options.prefix().length()))
                    .orElse(-1);
            if (found.size() + prefixes.size() == options.limit()) {
                return new ListPage(found, List.copyOf(prefixes), Optional.of(lastOf(found, prefixes)));
            }
            if (fold >= 0) {
                prefixes.add(key.substring(
                        0, fold + options.delimiter().orElseThrow().length()));
            } else {
                found.add(stored.info());
            }
        }
        return new ListPage(found, List.copyOf(prefixes), Optional.empty());
    }

    private static String lastOf(List<FileInfo> found, TreeSet<String> prefixes) {
        return found.isEmpty() ? prefixes.last() : found.get(found.size() - 1).key();
    }

    boolean reads(Consistency consistency) {
        GetOptions last = lastGet;
        return last != null && last.consistency() == consistency;
    }
}
