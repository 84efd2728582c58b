package io.keplerfs.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.sim.Figure;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What writing every value a second time costs a store: rounds with and without, by turns, because the machine is noisy. Without means that
 * no file of the journal can be made; entries are still encoded, and the number of each group is still stored.
 */
class JournalFigures {
    private static final int ROUNDS = 5;

    @TempDir
    private Path home;

    /** A real disk on which nothing can be created in manifests/ if told so. */
    private record WithoutJournal(FileDisk real, boolean without) implements Disk {
        @Override
        public Output create(Path file) throws IOException {
            if (without && file.toString().contains("manifests")) {
                throw new IOException("no journal in this round");
            }
            return real.create(file);
        }

        @Override
        public FileChannel open(Path file) throws IOException {
            return real.open(file);
        }

        @Override
        public void createDirectory(Path directory) throws IOException {
            real.createDirectory(directory);
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            real.rename(from, to);
        }

        @Override
        public void forceDirectory(Path directory) throws IOException {
            real.forceDirectory(directory);
        }

        @Override
        public void commit(Sql metadata) throws SQLException {
            real.commit(metadata);
        }

        @Override
        public long freeBytes(Path path) {
            return real.freeBytes(path);
        }

        @Override
        public long totalBytes(Path path) {
            return real.totalBytes(path);
        }
    }

    private int made;

    private long rowsPerSecond(boolean without, int writers, int bytes) throws IOException {
        int rows = 100 + 60 * writers;
        Path root = home.resolve("store-" + made++);
        byte[] value = DiskFixture.randomBytes(bytes, 1);
        NodeId node = new NodeId(new UUID(1, 1));
        try (DiskStore store =
                DiskStore.open(DiskFixture.options(root), new WithoutJournal(new FileDisk(true), without))) {
            long begun = System.nanoTime();
            List<CompletableFuture<Boolean>> waiting = new ArrayList<>();
            for (int i = 0; i < rows; i++) {
                RegisterKey key = new RegisterKey("bucket", i % 16, "key-" + i);
                Ballot ballot = new Ballot(i + 1, node);
                waiting.add(store.write(tables -> {
                    tables.register(key);
                    tables.putRegister(new RegisterRow(key, ballot, ballot, value, new byte[0]));
                    return true;
                }));
                if (waiting.size() == writers) {
                    waiting.forEach(DiskFixture::done);
                    waiting.clear();
                }
            }
            waiting.forEach(DiskFixture::done);
            return rows * 1_000_000_000L / (System.nanoTime() - begun);
        }
    }

    private void compare(int writers, int bytes) throws IOException {
        double[] ratios = new double[ROUNDS];
        long[] with = new long[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            long plain = rowsPerSecond(true, writers, bytes);
            with[round] = rowsPerSecond(false, writers, bytes);
            ratios[round] = (double) with[round] / plain;
        }
        Arrays.sort(ratios);
        Arrays.sort(with);
        String name = "writers." + writers + ".bytes." + bytes;
        Figure.print("journal." + name + ".rows.per.second", with[ROUNDS / 2]);
        Figure.print("journal." + name + ".ratio", ratios[ROUNDS / 2]);
        assertThat(ratios[ROUNDS / 2]).isGreaterThan(0.4);
    }

    @Test
    void theJournalCostsAPartOfTheThroughputOnly() throws IOException {
        compare(1, 300);
        compare(32, 300);
        compare(32, 4_096);
    }
}
