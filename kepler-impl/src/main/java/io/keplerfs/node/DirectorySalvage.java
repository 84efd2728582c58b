package io.keplerfs.node;

import io.keplerfs.Bucket;
import io.keplerfs.CorruptFileException;
import io.keplerfs.FileInfo;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.KeplerCluster;
import io.keplerfs.NotFoundException;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.Salvage;
import io.keplerfs.disk.Remains;
import io.keplerfs.disk.Remains.FastWrite;
import io.keplerfs.files.SalvagedVersion;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.Transport;
import io.keplerfs.values.ChunkId;
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

/**
 * The newest of everything that several directories hold: per register the value of the highest ballot of which a copy can be read. Damage
 * to one value is told of and ends nothing.
 */
final class DirectorySalvage implements Salvage {
    private static final Comparator<RegisterKey> ORDER =
            Comparator.comparing(RegisterKey::bucket).thenComparing(RegisterKey::key);

    private final List<Remains> sources = new ArrayList<>();
    /** Newest values of all registers but files, and of files before fast writes are looked at. */
    private final Map<RegisterKey, Copies> newest = new HashMap<>();
    /** Files that are not deleted. */
    private final TreeMap<RegisterKey, Copies> files = new TreeMap<>(ORDER);

    private final TreeSet<String> buckets = new TreeSet<>();
    private final List<String> unreadable = new ArrayList<>();
    private final List<Source> read = new ArrayList<>();
    private long bytes;
    private long deleted;
    private long conflicts;
    private long overtaken;

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
        Map<FastWrite, Copies> fastWrites = new HashMap<>();
        Map<Remains, Integer> registers = new HashMap<>();
        for (Remains source : sources) {
            Remains.Contents contents = source.contents();
            contents.registers()
                    .forEach((key, places) ->
                            copies(newest, key, key).add(source, places, where -> source.value(key, where)));
            contents.fastWrites()
                    .forEach((write, places) -> copies(fastWrites, write, write.key())
                            .add(source, places, where -> source.value(write, where)));
            registers.put(source, contents.registers().size());
        }
        fastWrites.values().forEach(this::deliver);
        newest.entrySet().removeIf(found -> !sort(found.getKey(), found.getValue()));
        dropFilesOfDeletedBuckets();
        newest.clear();
        for (Remains source : sources) {
            read.add(new Source(source.source(), registers.getOrDefault(source, 0), source.notes()));
        }
    }

    private static <K> Copies copies(Map<K, Copies> all, K key, RegisterKey register) {
        return all.computeIfAbsent(key, absent -> new Copies(register));
    }

    /** A fast write that waits counts by the time it was acknowledged, as its delivery would have. */
    private void deliver(Copies fast) {
        RegisterKey key = fast.key();
        Optional<SalvagedVersion> version = fast.version();
        if (version.isEmpty()) {
            unreadable.add(name(key) + ", a fast write: " + fast.trouble());
            return;
        }
        Copies known = newest.get(key);
        Optional<SalvagedVersion> before = known == null ? Optional.empty() : known.version();
        if (before.isEmpty() || version.get().follows(before.get())) {
            newest.put(key, fast.before(known));
        } else if (!before.get().contains(version.get())) {
            overtaken++;
        }
    }

    /** @return whether any copy can be read; a register whose copies are all damaged is one of which nothing is known */
    private boolean sort(RegisterKey key, Copies copies) {
        boolean known = SalvagedVersion.isFile(key) ? sortFile(key, copies) : sortRecord(key, copies);
        if (!known) {
            unreadable.add(name(key) + ": " + copies.trouble());
        }
        return known;
    }

    private boolean sortFile(RegisterKey key, Copies copies) {
        Optional<SalvagedVersion> version = copies.version();
        if (version.isPresent() && version.get().isDeleted()) {
            deleted++;
        } else if (version.isPresent()) {
            files.put(key, copies);
            bytes += version.get().info().sizeBytes();
        }
        return version.isPresent();
    }

    private boolean sortRecord(RegisterKey key, Copies copies) {
        Optional<Boolean> live = copies.isLive();
        if (live.orElse(false)) {
            if (SalvagedVersion.isBucket(key)) {
                buckets.add(key.key());
            } else if (SalvagedVersion.isConflict(key)) {
                conflicts++;
            }
        }
        return live.isPresent();
    }

    /** A bucket of which nothing at all is known is not taken for deleted: its record may be what was lost. */
    private void dropFilesOfDeletedBuckets() {
        List<RegisterKey> gone = new ArrayList<>();
        for (RegisterKey key : files.keySet()) {
            if (!buckets.contains(key.bucket())) {
                if (newest.containsKey(SalvagedVersion.bucket(key.bucket()))) {
                    gone.add(key);
                } else {
                    buckets.add(key.bucket());
                }
            }
        }
        for (RegisterKey key : gone) {
            Copies copies = files.remove(key);
            if (copies != null) {
                bytes -= copies.version()
                        .map(version -> version.info().sizeBytes())
                        .orElse(0L);
            }
            deleted++;
        }
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
    public void forEach(Consumer<FileInfo> consumer) {
        for (Map.Entry<RegisterKey, Copies> file : files.entrySet()) {
            readable(file).ifPresent(version -> consumer.accept(version.info()));
        }
    }

    /** Empty, and told of, for one that has become unreadable since it was sorted. */
    private Optional<SalvagedVersion> readable(Map.Entry<RegisterKey, Copies> file) {
        Optional<SalvagedVersion> version = file.getValue().version();
        if (version.isEmpty()) {
            String lost = name(file.getKey()) + ": " + file.getValue().trouble();
            if (!unreadable.contains(lost)) {
                unreadable.add(lost);
            }
        }
        return version;
    }

    private SalvagedVersion version(RegisterKey key) throws IOException {
        Copies copies = files.get(key);
        if (copies == null) {
            throw new NotFoundException("no source has a file " + name(key));
        }
        return copies.version()
                .orElseThrow(() -> new IOException(name(key) + " cannot be read any more: " + copies.trouble()));
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
        for (Map.Entry<RegisterKey, Copies> file : files.entrySet()) {
            Optional<SalvagedVersion> version = readable(file);
            if (version.isPresent()) {
                listener.accept(restore(cluster.bucket(file.getKey().bucket()), version.get()));
            }
        }
    }

    private Result restore(Bucket bucket, SalvagedVersion version) throws IOException {
        FileInfo file = version.info();
        try {
            return there(file, bucket.head(file.key()));
        } catch (InvalidRequestException damaged) {
            return new Result(file, Outcome.INCOMPLETE, String.valueOf(damaged.getMessage()));
        } catch (NotFoundException absent) {
            return write(bucket, version, file);
        }
    }

    private Result write(Bucket bucket, SalvagedVersion version, FileInfo file) throws IOException {
        try (InputStream content = version.open(this::chunk)) {
            bucket.put(file.key(), content, version.options());
            return new Result(file, Outcome.RESTORED, "");
        } catch (CorruptFileException | InvalidRequestException damaged) {
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
