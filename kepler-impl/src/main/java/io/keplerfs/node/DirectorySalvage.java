package io.keplerfs.node;

import io.keplerfs.Bucket;
import io.keplerfs.CorruptFileException;
import io.keplerfs.FileInfo;
import io.keplerfs.KeplerCluster;
import io.keplerfs.NotFoundException;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.Salvage;
import io.keplerfs.disk.Remains;
import io.keplerfs.disk.Remains.FastWrite;
import io.keplerfs.disk.Remains.Located;
import io.keplerfs.files.SalvagedVersion;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.Transport;
import io.keplerfs.values.ChunkId;
import io.keplerfs.wire.MalformedMessageException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The newest of everything that several directories hold: per register the value of the highest ballot. */
final class DirectorySalvage implements Salvage {
    private static final Comparator<RegisterKey> ORDER =
            Comparator.comparing(RegisterKey::bucket).thenComparing(RegisterKey::key);

    private final List<Remains> sources = new ArrayList<>();
    /** Newest values of all registers but files, and of files before fast writes are looked at. */
    private final Map<RegisterKey, Origin> newest = new HashMap<>();
    /** Files that are not deleted. */
    private final TreeMap<RegisterKey, Origin> files = new TreeMap<>(ORDER);

    private final TreeSet<String> buckets = new TreeSet<>();
    private final List<String> unreadable = new ArrayList<>();
    private final List<Source> read = new ArrayList<>();
    private long bytes;
    private long deleted;
    private long conflicts;
    private long overtaken;

    /** Of which register, in which source, where, and whether it is a fast write there. */
    private record Origin(RegisterKey key, Remains source, Located where, Optional<FastWrite> fast) {
        byte[] value() throws IOException {
            return fast.isPresent() ? source.value(fast.get(), where) : source.value(key, where);
        }
    }

    private DirectorySalvage() {}

    static DirectorySalvage open(List<Path> paths, long nowMillis) throws IOException {
        if (paths.isEmpty()) {
            throw new IOException("no source is named: give the data directories of all nodes, and backups");
        }
        DirectorySalvage salvage = new DirectorySalvage();
        boolean opened = false;
        try {
            for (Path path : paths) {
                salvage.sources.add(Remains.open(path, nowMillis));
            }
            salvage.readAll();
            opened = true;
            return salvage;
        } finally {
            if (!opened) {
                salvage.close();
            }
        }
    }

    private void readAll() throws IOException {
        Map<FastWrite, Origin> fastWrites = new HashMap<>();
        for (Remains source : sources) {
            Remains.Contents contents = source.contents();
            contents.registers()
                    .forEach((key, where) -> keepNewest(key, new Origin(key, source, where, Optional.empty())));
            contents.fastWrites()
                    .forEach((write, where) ->
                            fastWrites.putIfAbsent(write, new Origin(write.key(), source, where, Optional.of(write))));
            read.add(new Source(source.source(), contents.registers().size(), source.notes()));
        }
        for (Map.Entry<FastWrite, Origin> fast : fastWrites.entrySet()) {
            deliver(fast.getKey().key(), fast.getValue());
        }
        for (Map.Entry<RegisterKey, Origin> found : newest.entrySet()) {
            try {
                sort(found.getKey(), found.getValue());
            } catch (MalformedMessageException strange) {
                unreadable.add(name(found.getKey()) + ": " + strange.getMessage());
            }
        }
        dropFilesOfDeletedBuckets();
        newest.clear();
    }

    private void keepNewest(RegisterKey key, Origin found) {
        newest.merge(
                key,
                found,
                (known, other) -> other.where().ballot().compareTo(known.where().ballot()) > 0 ? other : known);
    }

    /** A fast write that waits counts by the time it was acknowledged, as its delivery would have. */
    private void deliver(RegisterKey key, Origin fast) throws IOException {
        try {
            SalvagedVersion version = SalvagedVersion.of(key, fast.value());
            Origin known = newest.get(key);
            SalvagedVersion before = known == null ? null : SalvagedVersion.of(key, known.value());
            if (before == null || version.follows(before)) {
                newest.put(key, fast);
            } else if (!before.contains(version)) {
                overtaken++;
            }
        } catch (MalformedMessageException strange) {
            unreadable.add(name(key) + ", a fast write: " + strange.getMessage());
        }
    }

    private void sort(RegisterKey key, Origin origin) throws IOException {
        byte[] value = origin.value();
        if (SalvagedVersion.isFile(key)) {
            SalvagedVersion version = SalvagedVersion.of(key, value);
            if (version.isDeleted()) {
                deleted++;
            } else {
                files.put(key, origin);
                bytes += version.info().sizeBytes();
            }
        } else if (SalvagedVersion.isLive(value)) {
            if (SalvagedVersion.isBucket(key)) {
                buckets.add(key.key());
            } else if (SalvagedVersion.isConflict(key)) {
                conflicts++;
            }
        }
    }

    /** A bucket of which nothing at all is known is not taken for deleted: its record may be what was lost. */
    private void dropFilesOfDeletedBuckets() throws IOException {
        List<RegisterKey> gone = new ArrayList<>();
        for (RegisterKey key : files.keySet()) {
            if (!buckets.contains(key.bucket())) {
                Origin record = bucketRecord(key.bucket());
                if (record == null) {
                    buckets.add(key.bucket());
                } else {
                    gone.add(key);
                }
            }
        }
        for (RegisterKey key : gone) {
            bytes -= version(key).info().sizeBytes();
            files.remove(key);
            deleted++;
        }
    }

    private @Nullable Origin bucketRecord(String bucket) {
        return newest.get(SalvagedVersion.bucket(bucket));
    }

    private static String name(RegisterKey key) {
        return key.bucket() + "/" + key.key();
    }

    @Override
    public Summary summary() {
        return new Summary(
                List.copyOf(buckets),
                files.size(),
                bytes,
                deleted,
                conflicts,
                overtaken,
                List.copyOf(unreadable),
                List.copyOf(read));
    }

    @Override
    public void forEach(Consumer<FileInfo> consumer) throws IOException {
        for (RegisterKey key : files.keySet()) {
            consumer.accept(version(key).info());
        }
    }

    private SalvagedVersion version(RegisterKey key) throws IOException {
        Origin origin = files.get(key);
        if (origin == null) {
            throw new NotFoundException("no source has a file " + name(key));
        }
        return SalvagedVersion.of(origin.key(), origin.value());
    }

    private SalvagedVersion version(FileInfo file) throws IOException {
        return version(new RegisterKey(file.bucket(), 0, file.key()));
    }

    @Override
    public Optional<String> damage(FileInfo file) throws IOException {
        try (InputStream content = open(file)) {
            content.transferTo(OutputStream.nullOutputStream());
            return Optional.empty();
        } catch (CorruptFileException damaged) {
            return Optional.of(String.valueOf(damaged.getMessage()));
        }
    }

    @Override
    public InputStream open(FileInfo file) throws IOException {
        return version(file).open(this::chunk);
    }

    /** Damaged copies are noted by their source; another source may have a good one. */
    private Optional<ByteBuffer> chunk(ChunkId id) {
        return sources.stream()
                .flatMap(source -> source.chunk(id, Transport.MAX_BODY_BYTES).stream())
                .findFirst();
    }

    @Override
    public void restoreInto(KeplerCluster cluster, Consumer<Result> listener) throws IOException {
        for (String bucket : buckets) {
            cluster.createBucket(bucket);
        }
        for (RegisterKey key : files.keySet()) {
            SalvagedVersion version = version(key);
            listener.accept(restore(cluster.bucket(key.bucket()), version));
        }
    }

    private Result restore(Bucket bucket, SalvagedVersion version) throws IOException {
        FileInfo file = version.info();
        try {
            return there(file, bucket.head(file.key()));
        } catch (NotFoundException absent) {
            return write(bucket, version, file);
        }
    }

    private Result write(Bucket bucket, SalvagedVersion version, FileInfo file) throws IOException {
        try (InputStream content = version.open(this::chunk)) {
            bucket.put(file.key(), content, version.options());
            return new Result(file, Outcome.RESTORED, "");
        } catch (CorruptFileException damaged) {
            return new Result(file, Outcome.INCOMPLETE, String.valueOf(damaged.getMessage()));
        } catch (PreconditionFailedException somebodyElse) {
            return new Result(file, Outcome.OTHER_THERE, String.valueOf(somebodyElse.getMessage()));
        }
    }

    private static Result there(FileInfo file, FileInfo found) {
        return found.version().equals(file.version())
                ? new Result(file, Outcome.THERE, "")
                : new Result(file, Outcome.OTHER_THERE, "the cluster has version " + found.version());
    }

    @Override
    public void close() throws IOException {
        IOException failed = null;
        for (Remains source : sources) {
            try {
                source.close();
            } catch (IOException failure) {
                if (failed == null) {
                    failed = failure;
                } else {
                    failed.addSuppressed(failure);
                }
            }
        }
        if (failed != null) {
            throw failed;
        }
    }
}
