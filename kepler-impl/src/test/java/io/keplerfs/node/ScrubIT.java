package io.keplerfs.node;

import static io.keplerfs.node.DiskCluster.content;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keplerfs.Durability;
import io.keplerfs.PutOptions;
import io.keplerfs.repair.LifeTimes;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.values.ChunkId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real files are damaged behind the back of one of three nodes. */
class ScrubIT {
    private static final int FILES = 40;
    private static final int CHUNKS_PER_FILE = 6;
    private static final int DAMAGED = 50;
    /** A round every five seconds, which is as fast as the floor of the pace allows with so few bytes. */
    private static final LifeTimes AGES = new LifeTimes(
            Duration.ofSeconds(30),
            Duration.ofHours(1),
            Duration.ofDays(1),
            Duration.ofMinutes(10),
            Duration.ofDays(1),
            Duration.ofDays(7),
            Duration.ofHours(1),
            Duration.ofMinutes(5),
            Duration.ofSeconds(10));

    @TempDir
    private Path root;

    private List<Path> directories(int count) {
        return Stream.of("a", "b", "c").limit(count).map(root::resolve).toList();
    }

    private static List<Path> chunkFiles(Path node) throws IOException {
        try (Stream<Path> tree = Files.walk(node.resolve("chunks"))) {
            return new ArrayList<>(tree.filter(Files::isRegularFile).toList());
        }
    }

    private static void flipABit(Path file, Random random) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        Files.write(file, bytes);
    }

    private static ChunkId idOf(Path file) {
        return ChunkId.parse(file.getFileName().toString());
    }

    @Test
    void fiftyFlippedBitsAndFiftyDeletedFilesAreFoundAndMendedAndNobodyReadsAWrongByte() throws Exception {
        try (DiskCluster cluster = new DiskCluster(directories(3), AGES)) {
            for (int i = 0; i < FILES; i++) {
                cluster.bucket(i % 3).put("file-" + i, content(i, CHUNKS_PER_FILE));
            }
            int chunks = FILES * CHUNKS_PER_FILE;
            await().atMost(DiskCluster.PATIENCE)
                    .until(() -> cluster.store(0).usage().chunks() == chunks);
            Random random = new Random(1);
            List<Path> files = chunkFiles(root.resolve("a"));
            Collections.sort(files);
            Collections.shuffle(files, random);
            List<Path> flipped = files.subList(0, DAMAGED);
            List<Path> deleted = files.subList(DAMAGED, 2 * DAMAGED);
            for (Path file : flipped) {
                flipABit(file, random);
            }
            for (Path file : deleted) {
                Files.delete(file);
            }

            for (int i = 0; i < FILES; i += 4) {
                assertThat(cluster.read(0, "file-" + i)).isEqualTo(content(i, CHUNKS_PER_FILE));
            }

            await().atMost(DiskCluster.PATIENCE).untilAsserted(() -> {
                for (Path file : files.subList(0, 2 * DAMAGED)) {
                    assertThat(file).exists();
                    assertThat(ChunkId.of(ByteBuffer.wrap(Files.readAllBytes(file))))
                            .isEqualTo(idOf(file));
                }
            });
            assertThat(cluster.store(0).usage().chunks()).isEqualTo(chunks);
            Path quarantine = root.resolve("a").resolve("quarantine");
            for (Path file : flipped) {
                assertThat(quarantine.resolve(idOf(file).toString())).hasSize(DiskCluster.CHUNK);
                assertThat(Files.readString(quarantine.resolve(idOf(file) + ".reason")))
                        .contains("CRC-32C");
            }
            for (Path file : deleted) {
                assertThat(Files.readString(quarantine.resolve(idOf(file) + ".reason")))
                        .contains("file is missing");
            }
            for (int i = 0; i < FILES; i++) {
                assertThat(cluster.read(0, "file-" + i)).isEqualTo(content(i, CHUNKS_PER_FILE));
            }
            // The coordinator's own copies are all good again: no other node is needed.
            assertThat(chunkFiles(root.resolve("a"))).hasSize(chunks);
        }
    }

    /** Nobody has looked at the file meanwhile, and nobody else could mend it. */
    @Test
    void contentWhoseOnlyCopyIsDamagedIsStoredAnewBeforeItIsAcknowledgedAgain() throws Exception {
        for (Durability durability : List.of(Durability.QUORUM, Durability.FAST)) {
            Path home = Files.createDirectory(root.resolve(durability.word()));
            try (DiskCluster alone =
                    new DiskCluster(List.of(home), LifeTimes.of(Duration.ofHours(1), Duration.ofHours(1)))) {
                alone.bucket(0).put("first", content(1, 2));
                flipABit(chunkFiles(home).get(0), new Random(3));
                Files.delete(chunkFiles(home).get(1));

                alone.bucket(0).put("second", content(1, 2), PutOptions.durability(durability));

                assertThat(alone.read(0, "first")).isEqualTo(content(1, 2));
                await().ignoreExceptions()
                        .untilAsserted(() -> assertThat(alone.read(0, "second")).isEqualTo(content(1, 2)));
            }
        }
    }

    @Test
    void whatIsDamagedOnEveryNodeStaysInEveryQuarantine() throws Exception {
        try (DiskCluster cluster = new DiskCluster(directories(3), AGES)) {
            cluster.bucket(0).put("file", content(1, 2));
            await().atMost(DiskCluster.PATIENCE).untilAsserted(() -> {
                for (int node = 0; node < 3; node++) {
                    assertThat(cluster.store(node).usage().chunks()).isEqualTo(2);
                }
            });
            Path bad = chunkFiles(root.resolve("a")).get(0);
            ChunkId id = idOf(bad);
            for (Path node : directories(3)) {
                flipABit(node.resolve(root.resolve("a").relativize(bad)), new Random(2));
            }

            await().atMost(DiskCluster.PATIENCE).untilAsserted(() -> {
                for (int node = 0; node < 3; node++) {
                    assertThat(cluster.store(node)
                                    .read(tables -> tables.chunk(id))
                                    .join()
                                    .orElseThrow()
                                    .state())
                            .isEqualTo(ChunkRow.State.QUARANTINE);
                }
            });

            for (Path node : directories(3)) {
                assertThat(node.resolve("quarantine").resolve(id.toString())).hasSize(DiskCluster.CHUNK);
            }
        }
    }
}
