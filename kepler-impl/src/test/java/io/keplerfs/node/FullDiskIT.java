package io.keplerfs.node;

import static io.keplerfs.node.DiskCluster.content;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;

import io.keplerfs.KeplerException;
import io.keplerfs.UnavailableException;
import io.keplerfs.repair.LifeTimes;
import io.keplerfs.spi.DiskFullException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node on a file system of 64 MiB that fills up for real; mounting it takes root. */
class FullDiskIT {
    /** One file is 1 MiB. */
    private static final int CHUNKS_PER_FILE = 16;

    private static final int MORE_THAN_FIT = 80;
    private static final LifeTimes AGES = new LifeTimes(
            Duration.ofMillis(500),
            Duration.ofDays(1),
            Duration.ofDays(1),
            Duration.ofSeconds(1),
            Duration.ofDays(1),
            Duration.ofDays(7),
            Duration.ofDays(1),
            Duration.ofMinutes(5),
            Duration.ofDays(30));

    @TempDir
    private Path root;

    private Path small;

    @BeforeEach
    void mountASmallDisk() throws Exception {
        small = Files.createDirectory(root.resolve("small"));
        int status;
        try {
            status = run("mount", "-t", "tmpfs", "-o", "size=64m", "keplerfs-test", small.toString());
        } catch (IOException noSuchCommand) {
            status = -1;
        }
        if (status != 0) {
            String why = "FullDiskIT needs to mount a tmpfs, which takes root on Linux (mount said " + status + ")";
            if ("true".equals(System.getenv("CI"))) {
                fail(why);
            }
            System.out.println(why + ": skipped");
            Assumptions.abort(why);
        }
    }

    @AfterEach
    void unmount() throws Exception {
        run("umount", "-l", small.toString());
    }

    private static int run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).inheritIO().start();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    private static String key(int file) {
        return "file-" + file;
    }

    /** How many files it took; the one that did not fit was refused for want of space. */
    private static int fill(DiskCluster cluster) throws IOException {
        for (int i = 0; i < MORE_THAN_FIT; i++) {
            try {
                cluster.bucket(0).put(key(i), content(i, CHUNKS_PER_FILE));
            } catch (UnavailableException refused) {
                assertThat(refused.isNoSpace()).as("%s", refused.getMessage()).isTrue();
                return i;
            }
        }
        return fail("80 MiB went onto a disk of 64");
    }

    @Test
    void aFullNodeRefusesNewBytesAndServesAndDeletesAndTakesThemAgainWhenThereIsRoom() throws Exception {
        int before;
        List<String> kept = new ArrayList<>();
        try (DiskCluster cluster = new DiskCluster(List.of(small.resolve("data")), AGES)) {
            before = fill(cluster);
            assertThat(before).isBetween(40, 63);
            for (int i = 0; i < before; i++) {
                assertThat(cluster.read(0, key(i))).isEqualTo(content(i, CHUNKS_PER_FILE));
            }
            assertThat(cluster.store(0).failed()).isEmpty();

            for (int i = 0; i < before / 2; i++) {
                assertThat(cluster.bucket(0).delete(key(i))).isTrue();
            }
            await().atMost(DiskCluster.PATIENCE)
                    .ignoreExceptionsInstanceOf(KeplerException.class)
                    .untilAsserted(() -> {
                        cluster.bucket(0).put("again", content(1_000, CHUNKS_PER_FILE));
                        kept.add("again");
                    });
            assertThat(cluster.store(0).failed()).isEmpty();
        }
        try (DiskCluster restarted = new DiskCluster(List.of(small.resolve("data")), AGES)) {
            for (int i = before / 2; i < before; i++) {
                assertThat(restarted.read(0, key(i))).isEqualTo(content(i, CHUNKS_PER_FILE));
            }
            assertThat(kept).isNotEmpty();
            assertThat(restarted.read(0, "again")).isEqualTo(content(1_000, CHUNKS_PER_FILE));
        }
    }

    @Test
    void whenSomebodyElseTakesTheLastByteNothingIsPromisedAndNothingBreaks() throws Exception {
        try (DiskCluster cluster = new DiskCluster(List.of(small.resolve("data")), AGES)) {
            cluster.bucket(0).put("kept", content(1, CHUNKS_PER_FILE));
            Path intruder = small.resolve("intruder");
            takeEverything(intruder);

            List<String> acknowledged = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                String setting = "setting-" + i;
                try {
                    cluster.store(0)
                            .write(tables -> {
                                tables.putSetting(setting, new byte[20_000]);
                                return true;
                            })
                            .get(30, TimeUnit.SECONDS);
                    acknowledged.add(setting);
                } catch (ExecutionException refused) {
                    assertThat(refused.getCause()).isInstanceOf(DiskFullException.class);
                }
            }
            assertThat(acknowledged).hasSizeLessThan(200);
            assertThat(cluster.store(0).failed()).isEmpty();
            assertThat(cluster.read(0, "kept")).isEqualTo(content(1, CHUNKS_PER_FILE));

            Files.delete(intruder);
            await().atMost(DiskCluster.PATIENCE)
                    .ignoreExceptionsInstanceOf(KeplerException.class)
                    .untilAsserted(() -> cluster.bucket(0).put("after", content(2, CHUNKS_PER_FILE)));
            for (String setting : acknowledged) {
                assertThat(cluster.store(0)
                                .read(tables -> tables.setting(setting))
                                .join())
                        .isPresent();
            }
        }
    }

    private static void takeEverything(Path file) throws IOException {
        byte[] block = new byte[4 * 1024];
        try (var out = Files.newOutputStream(file)) {
            while (true) {
                out.write(block);
            }
        } catch (IOException full) {
            assertThat(Files.size(file)).isGreaterThan(1 << 20);
        }
    }
}
