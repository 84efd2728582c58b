package io.keplerfs.examples.processes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keplerfs.Bucket;
import io.keplerfs.FileInfo;
import io.keplerfs.KeplerCluster;
import io.keplerfs.NotFoundException;
import io.keplerfs.PutOptions;
import io.keplerfs.ViewStatus;
import io.keplerfs.examples.content.SeededStream;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real nodes lose their meta.db, and no file is lost. */
class RebuildIT {
    private static final String BUCKET = "tests";
    private static final int FILES = 20;
    private static final int CHUNK_BYTES = 4 << 20;
    /** The dead are told of soon, and a member that is gone for good leaves soon. */
    private static final Map<String, String> SWIFT = Map.of("NETWORK", "local", "EVICT_AFTER_S", "5");

    @TempDir
    private Path home;

    /** What must be there, by key. */
    private final Map<String, Content> expected = new TreeMap<>();

    private record Content(long seed, int bytes, String version) {
        byte[] all() throws IOException {
            try (InputStream stream = new SeededStream(seed, bytes)) {
                return stream.readAllBytes();
            }
        }
    }

    private void fill(KeplerCluster cluster) throws IOException {
        Bucket bucket = cluster.createBucket(BUCKET);
        for (int i = 0; i < FILES; i++) {
            put(bucket, "dir/" + i, i, i % 4 == 0 ? 100_000 + i : i * 97);
        }
        put(bucket, "large", 777, 2 * CHUNK_BYTES + 12_345);
        for (int i = 0; i < FILES; i += 5) {
            put(bucket, "dir/" + i, 1_000 + i, i % 2 == 0 ? 50_000 : 10);
        }
        for (int i = 0; i < FILES; i += 7) {
            bucket.delete("dir/" + i);
            expected.remove("dir/" + i);
        }
    }

    private void put(Bucket bucket, String key, long seed, int bytes) throws IOException {
        PutOptions options = PutOptions.fencing(seed).toBuilder()
                .contentType("text/x-" + seed % 3)
                .metadata("seed", Long.toString(seed))
                .build();
        FileInfo written = bucket.put(key, new SeededStream(seed, bytes), options);
        expected.put(key, new Content(seed, bytes, written.etag()));
    }

    private void assertEverything(KeplerCluster cluster) throws IOException {
        Bucket bucket = cluster.bucket(BUCKET);
        for (Map.Entry<String, Content> file : expected.entrySet()) {
            Content content = file.getValue();
            FileInfo found = bucket.head(file.getKey());
            assertThat(found.etag()).as(file.getKey()).isEqualTo(content.version());
            assertThat(found.contentType()).isEqualTo("text/x-" + content.seed() % 3);
            assertThat(found.metadata()).containsEntry("seed", Long.toString(content.seed()));
            try (InputStream bytes = bucket.open(file.getKey())) {
                assertThat(Arrays.equals(bytes.readAllBytes(), content.all()))
                        .as("%s is byte for byte what was written", file.getKey())
                        .isTrue();
            }
        }
        for (int i = 0; i < FILES; i += 7) {
            String key = "dir/" + i;
            assertThatThrownBy(() -> bucket.head(key)).isInstanceOf(NotFoundException.class);
        }
    }

    private static void loseMetadata(Daemon daemon) throws IOException {
        for (String part : List.of("meta.db", "meta.db-wal", "meta.db-shm")) {
            Files.deleteIfExists(daemon.dataDirectory().resolve(part));
        }
    }

    private String kepler(int expectedExit, String... arguments) throws IOException, InterruptedException {
        Daemon.Outcome outcome = Daemon.run(Map.of(), Files.createTempFile(home, "command", ".log"), arguments);
        assertThat(outcome.exitCode()).as(outcome.output()).isEqualTo(expectedExit);
        return outcome.output();
    }

    @Test
    void aNodeThatLostItsMetadataComesBackAsANewMemberWithItsChunks() throws Exception {
        try (Daemons daemons = Daemons.start(home, 3, SWIFT)) {
            try (KeplerCluster cluster = daemons.a().connect()) {
                fill(cluster);
            }
            daemons.awaitThreeCopies(Daemons.A_MINUTE);
            Daemon lost = daemons.c();
            NodeId old = idOf(daemons.a(), "node-c");
            lost.terminate();
            loseMetadata(lost);
            Map<Path, FileTime> chunks = chunkFiles(lost);

            assertThat(lost.start().awaitExit()).isNotZero();
            assertThat(lost.log()).contains("lost its memory").contains("kepler rebuild --from-peers");
            assertThat(kepler(0, "rebuild", "--from-peers", lost.dataDirectory().toString()))
                    .contains("keeps " + chunks.size() + " chunks")
                    .contains("kepler evict " + old);
            lost.start();
            await("the new member is in the view, and the old one out of it")
                    .atMost(Daemons.A_MINUTE)
                    .ignoreExceptions()
                    .untilAsserted(() -> assertThat(members(daemons.a()))
                            .hasSize(3)
                            .noneMatch(member -> member.id().equals(old))
                            .anyMatch(member -> member.label().equals("node-c")));

            daemons.b().kill();
            try (KeplerCluster cluster = lost.connect()) {
                await().atMost(Daemons.A_MINUTE).ignoreExceptions().untilAsserted(() -> assertEverything(cluster));
            }
            assertThat(chunkFiles(lost)).as("not one chunk was sent again").isEqualTo(chunks);
        }
    }

    private static List<ViewStatus.Member> members(Daemon daemon) throws IOException {
        try (KeplerCluster cluster = daemon.connect()) {
            ViewStatus status = cluster.views().status();
            assertThat(status.settled()).isTrue();
            return status.members();
        }
    }

    private static NodeId idOf(Daemon daemon, String label) throws IOException {
        return members(daemon).stream()
                .filter(member -> member.label().equals(label))
                .findFirst()
                .orElseThrow()
                .id();
    }

    private static Map<Path, FileTime> chunkFiles(Daemon daemon) throws IOException {
        Map<Path, FileTime> found = new HashMap<>();
        try (Stream<Path> files = Files.walk(daemon.dataDirectory().resolve("chunks"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                found.put(file, Files.getLastModifiedTime(file));
            }
        }
        return found;
    }

    @Test
    void whenAllMetadataIsLostANewClusterGetsEveryFile() throws Exception {
        Path backup = home.resolve("backup.db");
        String[] directories;
        try (Daemons daemons = Daemons.start(home, 3, SWIFT)) {
            try (KeplerCluster cluster = daemons.a().connect()) {
                fill(cluster);
                assertThat(kepler(0, "backup", "--url", daemons.a().url(), "--to", backup.toString()))
                        .contains("records");
                assertThat(kepler(2, "backup", "--url", daemons.a().url(), "--to", backup.toString()))
                        .contains("exists");
                put(cluster.bucket(BUCKET), "after the backup", 5, 70_000);
            }
            // A power cut for all: nobody has time to tidy up.
            for (Daemon daemon : daemons.all()) {
                daemon.kill();
                loseMetadata(daemon);
            }
            directories = daemons.all().stream()
                    .map(daemon -> daemon.dataDirectory().toString())
                    .toArray(String[]::new);
            Files.copy(backup, daemons.a().dataDirectory().resolve("meta.db"), StandardCopyOption.COPY_ATTRIBUTES);
            assertThat(daemons.a().start().awaitExit()).isNotZero();
            assertThat(daemons.a().log()).contains("is a backup");
            loseMetadata(daemons.a());
        }

        assertThat(kepler(0, with(directories, "rebuild", "--list"))).contains(expected.size() + " files are whole");
        try (Daemons fresh = Daemons.start(Files.createDirectory(home.resolve("fresh")), 3, SWIFT)) {
            String[] rebuild = with(directories, "rebuild", "--into", fresh.b().url());
            assertThat(kepler(0, rebuild)).contains(expected.size() + " files restored");
            try (KeplerCluster cluster = fresh.c().connect()) {
                assertEverything(cluster);
            }
            assertThat(kepler(0, rebuild)).contains("0 files restored, " + expected.size() + " were there");
        }
        Path chunk = largestChunk(Path.of(directories[0]));
        for (String directory : directories) {
            Files.deleteIfExists(
                    Path.of(directory).resolve(Path.of(directories[0]).relativize(chunk)));
        }
        assertThat(kepler(7, with(directories, "rebuild", "--list")))
                .contains("INCOMPLETE tests/large")
                .contains(chunk.getFileName().toString())
                .contains("1 incomplete");
    }

    private static Path largestChunk(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory.resolve("chunks"))) {
            return files.filter(file -> file.toFile().length() == CHUNK_BYTES)
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static String[] with(String[] directories, String... command) {
        return Stream.concat(Arrays.stream(command), Arrays.stream(directories)).toArray(String[]::new);
    }
}
