package io.keplerfs.examples;

import io.keplerfs.Bucket;
import io.keplerfs.BucketInfo;
import io.keplerfs.ClusterStatus;
import io.keplerfs.Conflict;
import io.keplerfs.ConflictPage;
import io.keplerfs.Conflicts;
import io.keplerfs.DeleteOptions;
import io.keplerfs.FileInfo;
import io.keplerfs.FileSnapshot;
import io.keplerfs.GetOptions;
import io.keplerfs.KeplerCluster;
import io.keplerfs.KeplerException;
import io.keplerfs.KeplerListener;
import io.keplerfs.ListOptions;
import io.keplerfs.ListPage;
import io.keplerfs.Member;
import io.keplerfs.NotFoundException;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.PutOptions;
import io.keplerfs.Receipt;
import io.keplerfs.Subscription;
import io.keplerfs.UnavailableException;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.Contact;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;

/** A cluster in a few maps that behaves as the API says: conditions, missing buckets, pages, folders. */
public final class FakeCluster implements KeplerCluster {
    private record Stored(FileInfo info, byte[] content) {}

    private final Map<String, NavigableMap<String, Stored>> buckets = new TreeMap<>();
    private final NavigableMap<String, Stored> conflicts = new TreeMap<>();
    private final FakeViews views = new FakeViews();
    private final FakeRepair repair = new FakeRepair();
    private final AtomicLong versions = new AtomicLong();
    private final Set<String> damaged = new LinkedHashSet<>();
    private final Set<String> brokenOff = new LinkedHashSet<>();
    private Optional<KeplerException> failure = Optional.empty();
    private Optional<GetOptions> lastGet = Optional.empty();
    private Optional<PutOptions> lastPut = Optional.empty();
    private Optional<DeleteOptions> lastDelete = Optional.empty();
    private boolean closed;

    /** From now on every call ends like this. */
    public void failWith(KeplerException outcome) {
        failure = Optional.of(outcome);
    }

    /** Reads of this key deliver other bytes than were stored. */
    public void damage(String key) {
        damaged.add(key);
    }

    /** Reads of this key fail after half of the bytes. */
    public void breakOff(String key) {
        brokenOff.add(key);
    }

    public byte[] content(String bucket, String key) {
        return buckets.get(bucket).get(key).content();
    }

    public GetOptions lastGet() {
        return lastGet.orElseThrow();
    }

    public PutOptions lastPut() {
        return lastPut.orElseThrow();
    }

    public DeleteOptions lastDelete() {
        return lastDelete.orElseThrow();
    }

    public boolean isClosed() {
        return closed;
    }

    @Override
    public CompletableFuture<Bucket> createBucketAsync(String name) {
        return answer(() -> {
            buckets.computeIfAbsent(name, missing -> new ConcurrentSkipListMap<>());
            return bucket(name);
        });
    }

    @Override
    public Bucket bucket(String name) {
        return new FakeBucket(name);
    }

    @Override
    public CompletableFuture<List<BucketInfo>> bucketsAsync() {
        return answer(() -> buckets.keySet().stream()
                .map(name -> new BucketInfo(name, Instant.EPOCH))
                .toList());
    }

    @Override
    public CompletableFuture<Void> deleteBucketAsync(String name) {
        return answer(() -> {
            if (!files(name).isEmpty()) {
                throw new PreconditionFailedException("bucket " + name + " holds files");
            }
            buckets.remove(name);
            return null;
        });
    }

    @Override
    public CompletableFuture<ClusterStatus> statusAsync() {
        return answer(() -> new ClusterStatus(id(1), "c0ffee", 7, true, 3, 2, 1, 1, List.of(member(1), member(2))));
    }

    public static NodeId id(int number) {
        return new NodeId(new UUID(number, number));
    }

    public static Member member(int number) {
        return new Member(
                id(number),
                "node-" + number,
                number == 1 ? "rack-1" : "",
                number,
                new NodeAddress("127.0.0.1", 3000 + number, 4000 + number, 5000 + number),
                number == 1 ? MemberState.ALIVE : MemberState.DEAD,
                5,
                true,
                0.5,
                number == 1 ? 12 : -1,
                number == 1 ? 3_400_000 : -1,
                number == 1 ? Optional.empty() : Optional.of(contact()));
    }

    private static Contact contact() {
        return new Contact(Duration.ofMillis(2_500), Optional.of(Duration.ofNanos(1_500_999)));
    }

    @Override
    public CompletableFuture<List<Member>> ringOwnersAsync(String bucket, String key) {
        return answer(() -> List.of(member(2), member(1)));
    }

    @Override
    public CompletableFuture<io.keplerfs.ChunkReport> chunkAsync(io.keplerfs.values.ChunkId id) {
        var need = new io.keplerfs.ChunkReport.Need(
                new io.keplerfs.values.VersionId(new java.util.UUID(1, 2)),
                "photos",
                "cat",
                "ref",
                java.time.Instant.EPOCH);
        var copy = new io.keplerfs.ChunkReport.Copy(
                new io.keplerfs.values.NodeId(new java.util.UUID(0, 1)),
                true,
                "live",
                "kept for photos/cat",
                java.util.List.of(need));
        return CompletableFuture.completedFuture(new io.keplerfs.ChunkReport(id, 4, true, java.util.List.of(copy)));
    }

    @Override
    public Subscription onEvent(KeplerListener listener) {
        return () -> {};
    }

    @Override
    public FakeViews views() {
        return views;
    }

    @Override
    public FakeRepair repair() {
        return repair;
    }

    @Override
    public CompletableFuture<List<ChunkId>> chunksAsync(String bucket, String key, long from, int limit) {
        return answer(() -> {
            if (!files(bucket).containsKey(key)) {
                throw new NotFoundException("there is no file " + key);
            }
            return LongStream.range(from, Math.min(3, from + limit))
                    .mapToObj(place -> ChunkId.of(ByteBuffer.wrap(new byte[] {(byte) place})))
                    .toList();
        });
    }

    @Override
    public void close() {
        closed = true;
    }

    private interface Answer<T> {
        T get() throws IOException;
    }

    private <T> CompletableFuture<T> answer(Answer<T> answer) {
        if (failure.isPresent()) {
            return CompletableFuture.failedFuture(failure.get());
        }
        try {
            return CompletableFuture.completedFuture(answer.get());
        } catch (IOException outcome) {
            return CompletableFuture.failedFuture(outcome);
        }
    }

    private NavigableMap<String, Stored> files(String bucket) throws NotFoundException {
        NavigableMap<String, Stored> files = buckets.get(bucket);
        if (files == null) {
            throw new NotFoundException("there is no bucket " + bucket);
        }
        return files;
    }

    private final class FakeBucket implements Bucket {
        private final String name;

        private FakeBucket(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public FileInfo put(String key, InputStream content, PutOptions options) throws IOException {
            return put(key, content.readAllBytes(), options);
        }

        @Override
        public CompletableFuture<FileInfo> putAsync(String key, InputStream content, PutOptions options) {
            return answer(() -> put(key, content.readAllBytes(), options));
        }

        @Override
        public CompletableFuture<FileInfo> putAsync(String key, byte[] content, PutOptions options) {
            lastPut = Optional.of(options);
            return answer(() -> {
                Stored before = files(name).get(key);
                if (options.onlyIfAbsent() && before != null) {
                    throw new PreconditionFailedException(name + "/" + key + " exists");
                }
                requireEtag(options.ifMatch(), key, before);
                FileInfo info = new FileInfo(
                        name,
                        key,
                        content.length,
                        new VersionId(new UUID(0, versions.incrementAndGet())),
                        options.contentType(),
                        options.metadata(),
                        Instant.EPOCH,
                        Optional.empty());
                files(name).put(key, new Stored(info, content.clone()));
                return info.withReceipt(new Receipt(options.durability(), 2, List.of(id(1), id(2)), List.of(id(2))));
            });
        }

        private void requireEtag(Optional<String> etag, String key, @org.jspecify.annotations.Nullable Stored before)
                throws PreconditionFailedException {
            if (etag.isPresent() && (before == null || !before.info().etag().equals(etag.get()))) {
                throw new PreconditionFailedException(name + "/" + key + " has another etag than " + etag.get());
            }
        }

        @Override
        public CompletableFuture<FileSnapshot> snapshotAsync(String key, GetOptions options) {
            lastGet = Optional.of(options);
            return answer(() -> {
                Stored stored = files(name).get(key);
                if (stored == null) {
                    throw new NotFoundException("there is no file " + name + "/" + key);
                }
                return new FakeSnapshot(stored, damaged.contains(key), brokenOff.contains(key));
            });
        }

        @Override
        public CompletableFuture<Boolean> deleteAsync(String key, DeleteOptions options) {
            lastDelete = Optional.of(options);
            return answer(() -> {
                requireEtag(options.ifMatch(), key, files(name).get(key));
                return files(name).remove(key) != null;
            });
        }

        @Override
        public CompletableFuture<ListPage> listAsync(ListOptions options) {
            return answer(() -> page(options));
        }

        @Override
        public Conflicts conflicts() {
            return new FakeConflicts(name);
        }

        private ListPage page(ListOptions options) throws NotFoundException {
            Map<String, Optional<FileInfo>> entries = new LinkedHashMap<>();
            for (Stored stored : files(name).values()) {
                String key = stored.info().key();
                if (key.startsWith(options.prefix())) {
                    int end = options.delimiter().isEmpty()
                            ? -1
                            : key.indexOf(
                                    options.delimiter().get(), options.prefix().length());
                    if (end < 0) {
                        entries.put(key, Optional.of(stored.info()));
                    } else {
                        entries.put(key.substring(0, end + 1), Optional.empty());
                    }
                }
            }
            List<FileInfo> files = new ArrayList<>();
            List<String> prefixes = new ArrayList<>();
            String last = "";
            for (Map.Entry<String, Optional<FileInfo>> entry : entries.entrySet()) {
                if (entry.getKey().compareTo(options.after().orElse("")) <= 0) {
                    continue;
                } else if (files.size() + prefixes.size() == Math.min(options.limit(), 2)) {
                    return new ListPage(files, prefixes, Optional.of(last));
                }
                last = entry.getKey();
                entry.getValue().ifPresentOrElse(files::add, () -> prefixes.add(entry.getKey()));
            }
            return new ListPage(files, prefixes, Optional.empty());
        }
    }

    /** Makes a version the loser of a conflict; every one gets another version id. */
    public VersionId addConflict(String bucket, String key, byte[] content) {
        VersionId version = new VersionId(new UUID(1, versions.incrementAndGet()));
        FileInfo info = new FileInfo(
                bucket, key, content.length, version, "text/plain", Map.of(), Instant.EPOCH, Optional.empty());
        conflicts.put(bucket + "/" + key + "/" + version, new Stored(info, content));
        return version;
    }

    private final class FakeConflicts implements Conflicts {
        private final String bucket;

        private FakeConflicts(String bucket) {
            this.bucket = bucket;
        }

        @Override
        public CompletableFuture<ConflictPage> listAsync(ListOptions options) {
            String prefix = bucket + "/";
            return answer(() -> {
                List<Conflict> found = new ArrayList<>();
                for (Map.Entry<String, Stored> entry : conflicts.entrySet()) {
                    String after = prefix + options.after().orElse("");
                    if (entry.getKey().startsWith(prefix + options.prefix())
                            && entry.getKey().compareTo(after) > 0) {
                        if (found.size() == Math.min(options.limit(), 2)) {
                            FileInfo last = found.get(1).loser();
                            return new ConflictPage(found, Optional.of(last.key() + "/" + last.version()));
                        }
                        FileInfo loser = entry.getValue().info();
                        found.add(new Conflict(loser, new VersionId(new UUID(9, 9)), Instant.EPOCH));
                    }
                }
                return new ConflictPage(found, Optional.empty());
            });
        }

        @Override
        public CompletableFuture<FileSnapshot> snapshotAsync(String key, VersionId loser, GetOptions options) {
            return answer(() -> new FakeSnapshot(conflicts.get(bucket + "/" + key + "/" + loser), false, false));
        }

        @Override
        public CompletableFuture<Boolean> dropAsync(String key, VersionId loser) {
            return answer(() -> conflicts.remove(bucket + "/" + key + "/" + loser) != null);
        }
    }

    private record FakeSnapshot(Stored stored, boolean damaged, boolean brokenOff) implements FileSnapshot {
        @Override
        public FileInfo info() {
            return stored.info();
        }

        @Override
        public InputStream stream(long offset, long length) {
            byte[] content = stored.content().clone();
            if (damaged) {
                content[0] ^= 1;
            }
            if (brokenOff) {
                return new SequenceInputStream(new ByteArrayInputStream(content, 0, content.length / 2), new Failing());
            }
            return new ByteArrayInputStream(content, (int) offset, (int) length);
        }
    }

    private static final class Failing extends InputStream {
        @Override
        public int read() throws IOException {
            throw new UnavailableException("every owner went away");
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            return read();
        }
    }
}
