package io.keplerfs.examples.processes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keplerfs.KeplerCluster;
import io.keplerfs.examples.content.SeededStream;
import io.keplerfs.examples.content.Sha256;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three JVMs, and what may happen to them. Every test ends with all of them well again. */
class CrashIT {
    private static final String BUCKET = "crashes";
    private static final long BIG_BYTES = 100_000_000;

    @TempDir
    private static Path home;

    private static Daemons daemons;

    private final Http http = new Http();

    @BeforeAll
    static void oneCluster() throws Exception {
        daemons = Daemons.start(home);
        new Http().createBucket(daemons.a(), BUCKET);
    }

    @AfterAll
    static void stop() {
        if (daemons != null) {
            daemons.close();
        }
    }

    @AfterEach
    void allIsWellAgain() throws IOException {
        daemons.startAll();
    }

    @Test
    void aNodeKilledInTheMiddleOfAPutThroughAnotherCatchesUpWithinAMinute() throws Exception {
        HttpResponse<String> answer = http.put(
                daemons.a(), BUCKET, "owner-dies", () -> interrupted(11, BIG_BYTES, () -> killed(daemons.c())));
        assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 201);
        assertThat(daemons.c().isRunning()).isFalse();
        http.putSeeded(daemons.b(), BUCKET, "while-away", 12, 300_000);

        daemons.startAll();

        await().atMost(Daemons.A_MINUTE).ignoreExceptions().untilAsserted(() -> {
            assertHoldsByItself(daemons.c(), "owner-dies", 11, BIG_BYTES);
            assertHoldsByItself(daemons.c(), "while-away", 12, 300_000);
        });
    }

    /** While the others cannot say a word. */
    private void assertHoldsByItself(Daemon daemon, String key, long seed, long bytes) throws Exception {
        List<Daemon> others =
                daemons.all().stream().filter(other -> other != daemon).toList();
        for (Daemon other : others) {
            other.pause();
        }
        try {
            http.assertSeeded(daemon, BUCKET, key + "?consistency=local", seed, bytes);
        } finally {
            for (Daemon other : others) {
                other.resume();
            }
        }
    }

    @Test
    void aKilledCoordinatorLeavesAnErrorAndNothingHalf() throws Exception {
        assertThatThrownBy(() -> http.put(
                        daemons.a(),
                        BUCKET,
                        "coordinator-dies",
                        () -> interrupted(21, BIG_BYTES, () -> killed(daemons.a()))))
                .isInstanceOf(IOException.class);

        assertInvisible(daemons.b(), "coordinator-dies");
        daemons.startAll();
        for (Daemon daemon : daemons.all()) {
            assertInvisible(daemon, "coordinator-dies");
        }
    }

    @Test
    void aBrokenOffUploadLeavesNothing() throws Exception {
        Daemon daemon = daemons.b();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), daemon.port("HTTP_PORT"))) {
            OutputStream out = socket.getOutputStream();
            out.write(("PUT /v1/files/" + BUCKET + "/broken-off HTTP/1.1\r\nHost: x\r\nContent-Length: " + BIG_BYTES
                            + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            new SeededStream(31, BIG_BYTES / 3).transferTo(out);
        }

        assertInvisible(daemon, "broken-off");
        daemon.kill();
        daemons.startAll();
        assertInvisible(daemon, "broken-off");
        try (Stream<Path> halfWritten = Files.list(daemon.dataDirectory().resolve("tmp"))) {
            // The native library of the running SQLite lies here too.
            assertThat(halfWritten.filter(file -> !file.getFileName().toString().startsWith("sqlite-")))
                    .isEmpty();
        }
    }

    private void assertInvisible(Daemon daemon, String key) throws Exception {
        assertThat(http.status(daemon, BUCKET, key)).isEqualTo(404);
        assertThat(http.status(daemon, BUCKET, key + "?consistency=local")).isEqualTo(404);
        try (KeplerCluster cluster = daemon.connect()) {
            assertThat(cluster.bucket(BUCKET).list(key)).isEmpty();
        }
    }

    @Test
    void anAcknowledgedPutSurvivesTheDeathOfAllThree() throws Exception {
        http.putSeeded(daemons.a(), BUCKET, "all-die", 41, 20_000_000);
        http.putSeeded(daemons.b(), BUCKET, "all-die-small", 42, 100);
        for (Daemon daemon : daemons.all()) {
            daemon.kill();
        }

        daemons.startAll();

        for (Daemon daemon : daemons.all()) {
            http.assertSeeded(daemon, BUCKET, "all-die", 41, 20_000_000);
            http.assertSeeded(daemon, BUCKET, "all-die-small", 42, 100);
        }
    }

    @Test
    void damagedChunksAreReadRightAndRepaired() throws Exception {
        List<Path> before = chunkFiles(daemons.a());
        http.putSeeded(daemons.a(), BUCKET, "damaged", 51, 3L << 22);
        daemons.awaitSettled();
        List<Path> chunks = chunkFiles(daemons.a()).stream()
                .filter(file -> !before.contains(file))
                .toList();
        assertThat(chunks).hasSize(3);
        try (RandomAccessFile cutShort = new RandomAccessFile(chunks.get(0).toFile(), "rw")) {
            cutShort.setLength(1000);
        }
        try (RandomAccessFile flipped = new RandomAccessFile(chunks.get(1).toFile(), "rw")) {
            flipped.seek(2_000_000);
            int value = flipped.read();
            flipped.seek(2_000_000);
            flipped.write(value ^ 0x10);
        }

        http.assertSeeded(daemons.a(), BUCKET, "damaged", 51, 3L << 22);

        await("both chunks are whole again")
                .atMost(Daemons.A_MINUTE)
                .ignoreExceptions()
                .untilAsserted(() -> {
                    for (Path chunk : chunks) {
                        try (InputStream content = Files.newInputStream(chunk)) {
                            assertThat(Sha256.of(content))
                                    .isEqualTo(chunk.getFileName().toString());
                        }
                    }
                });
    }

    private static List<Path> chunkFiles(Daemon daemon) throws IOException {
        try (Stream<Path> files = Files.walk(daemon.dataDirectory().resolve("chunks"))) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void withTwoOfThreeDownQuorumIsRefusedAtOnceAndLocalAndFastGoOn() throws Exception {
        http.putSeeded(daemons.a(), BUCKET, "before", 61, 50_000);
        daemons.awaitSettled();
        daemons.b().kill();
        daemons.c().kill();
        Daemons.awaitDead(daemons.a(), daemons.b(), daemons.c());

        HttpResponse<String> refused =
                http.put(daemons.a(), BUCKET, "refused", BodyPublishers.ofString("no quorum"), Http.AT_ONCE);
        assertThat(refused.statusCode()).as(refused.body()).isEqualTo(503);
        assertThat(refused.headers().firstValueAsLong("Retry-After").orElse(0)).isPositive();
        HttpResponse<byte[]> unread = http.get(daemons.a(), BUCKET, "before");
        assertThat(unread.statusCode()).isEqualTo(503);
        assertThat(unread.headers().firstValue("Retry-After")).isPresent();

        http.assertSeeded(daemons.a(), BUCKET, "before?consistency=local", 61, 50_000);
        HttpResponse<String> fast =
                http.put(daemons.a(), BUCKET, "fast?durability=fast", () -> new SeededStream(62, 5_000_000));
        assertThat(fast.statusCode()).as(fast.body()).isBetween(200, 201);
        http.assertSeeded(daemons.a(), BUCKET, "fast?consistency=local", 62, 5_000_000);

        daemons.startAll();
        for (Daemon daemon : daemons.all()) {
            await("the fast put shows through " + daemon.label())
                    .atMost(Daemons.A_MINUTE)
                    .ignoreExceptions()
                    .untilAsserted(() -> http.assertSeeded(daemon, BUCKET, "fast", 62, 5_000_000));
            assertInvisible(daemon, "refused");
        }
    }

    @Test
    void aNodeThatHangsStopsNobody() throws Exception {
        daemons.c().pause();
        try {
            http.putSeeded(daemons.a(), BUCKET, "one-hangs", 71, 20_000_000);
            http.assertSeeded(daemons.b(), BUCKET, "one-hangs", 71, 20_000_000);
        } finally {
            daemons.c().resume();
        }
    }

    /** Seeded bytes; when a third of them is sent, something happens, once. */
    private static InputStream interrupted(long seed, long bytes, Callable<Void> event) {
        return new FilterInputStream(new SeededStream(seed, bytes)) {
            private long left = bytes / 3;

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                int count = super.read(target, offset, length);
                boolean due = left > 0 && left <= count;
                left -= count;
                if (due) {
                    happen(event);
                }
                return count;
            }
        };
    }

    private static void happen(Callable<Void> event) {
        try {
            event.call();
        } catch (Exception failure) {
            throw new UncheckedIOException(new IOException(failure));
        }
    }

    private static Void killed(Daemon daemon) throws InterruptedException {
        daemon.kill();
        return null;
    }
}
