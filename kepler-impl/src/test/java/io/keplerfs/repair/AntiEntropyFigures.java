package io.keplerfs.repair;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.OperatingSystemMXBean;
import io.keplerfs.disk.DiskOptions;
import io.keplerfs.disk.DiskStore;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.sim.Figure;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a round costs two owners of a million files ({@code -Dfiles=N}) in one bucket of 16 shards, and of 20,000 chunks, which fill
 * most partitions, on real disks: in sync, and with a hundred files and a hundred chunks missing at one of them.
 */
class AntiEntropyFigures {
    private static final int FILES = Integer.getInteger("files", 1_000_000);
    private static final int CHUNKS = Integer.getInteger("chunks", 20_000);
    private static final int DIFFERENCES = 100;
    private static final int SHARDS = 16;
    private static final int BATCH = 20_000;
    private static final long MOST_BYTES = 5_000_000;
    /** Old enough not to be under way. */
    private static final long LONG_AGO = 1L << 16;

    @TempDir
    private Path directory;

    private Store open(String name, long number) throws IOException {
        return DiskStore.open(new DiskOptions(
                directory.resolve(name),
                "figures",
                false,
                Thread::new,
                2,
                () -> new UUID(1, number),
                () -> LONG_AGO + number));
    }

    private static RegisterRow row(int file, long time) {
        String name = "file-%07d".formatted(file);
        RegisterKey key = new RegisterKey("photos", Math.floorMod(name.hashCode(), SHARDS), name);
        Ballot ballot = new Ballot(time, new NodeId(new UUID(0, 1)));
        byte[] value = new RegisterValue(
                        new VersionId(new UUID(time, file)), time, List.of(), 0, false, 0, new byte[150])
                .encode();
        return new RegisterRow(key, ballot, ballot, value, new byte[0]);
    }

    private static ByteBuffer bytes(int chunk) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(0, chunk);
    }

    private static void load(Store store) {
        for (int from = 0; from < FILES; from += BATCH) {
            int begin = from;
            store.write(tables -> {
                        IntStream.range(begin, Math.min(FILES, begin + BATCH))
                                .forEach(file -> tables.putRegister(row(file, LONG_AGO)));
                        return true;
                    })
                    .join();
        }
        for (int from = 0; from < CHUNKS; from += 500) {
            List<CompletableFuture<?>> group = new ArrayList<>();
            for (int chunk = from; chunk < Math.min(CHUNKS, from + 500); chunk++) {
                Pin pin = new Pin(new VersionId(new UUID(9, chunk / 10)), "photos", "large-" + chunk / 10);
                ChunkId id = ChunkId.of(bytes(chunk));
                group.add(store.write(tables -> tables.pin(id, pin)));
                group.add(store.writeChunk(id, bytes(chunk)));
            }
            group.forEach(CompletableFuture::join);
        }
    }

    /** All but the identity. */
    private void copy(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                Files.createDirectories(to.resolve(from.relativize(folder).toString()));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (!String.valueOf(file.getFileName()).startsWith("node.json")) {
                    Files.copy(file, to.resolve(from.relativize(file).toString()), StandardCopyOption.REPLACE_EXISTING);
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }

    @Test
    void aRoundCostsWhatDiffers() throws Exception {
        try (Store a = open("a", 1)) {
            load(a);
        }
        open("b", 2).close();
        copy(directory.resolve("a"), directory.resolve("b"));
        try (Store a = open("a", 1);
                Store b = open("b", 2);
                TwoOwners owners = new TwoOwners(a, b)) {
            Comparison inSync = round("in.sync", owners, a, b);
            assertThat(inSync.missing()).isZero();

            b.write(tables -> {
                        IntStream.range(0, DIFFERENCES)
                                .forEach(i -> tables.putRegister(row(i * (FILES / DIFFERENCES), LONG_AGO + 1)));
                        return true;
                    })
                    .join();
            a.write(tables -> {
                        IntStream.range(0, DIFFERENCES)
                                .forEach(i -> tables.forgetReferences(ChunkId.of(bytes(i * (CHUNKS / DIFFERENCES)))));
                        return true;
                    })
                    .join();
            Comparison different = round("hundred.and.hundred", owners, a, b);
            assertThat(different.missing()).isEqualTo(2 * DIFFERENCES);
            assertThat(different.mended().mended()).isEqualTo(2 * DIFFERENCES);
            assertThat(round("mended", owners, a, b).missing()).isZero();
        }
    }

    /** Each looks at the other. */
    private static Comparison round(String name, TwoOwners owners, Store a, Store b) {
        LongSupplier processor =
                () -> ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
        long begin = processor.getAsLong();
        Comparison first = owners.comparison(a, b);
        first.run().join();
        Comparison second = owners.comparison(b, a);
        second.run().join();
        Figure.print("anti.entropy." + name + ".cpu.seconds", (processor.getAsLong() - begin) / 1e9);
        Figure.print("anti.entropy." + name + ".bytes", first.bytes() + second.bytes());
        Figure.print("anti.entropy." + name + ".rows", first.mended().mended());
        assertThat(first.bytes() + second.bytes()).isLessThan(MOST_BYTES);
        return first;
    }
}
