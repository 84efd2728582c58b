package io.keplerfs.examples.processes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keplerfs.FileInfo;
import io.keplerfs.KeplerCluster;
import io.keplerfs.examples.content.SeededStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three JVMs of 256 MB that nobody disturbs. */
class ThreeDaemonsIT {
    private static final String BUCKET = "tests";
    private static final int CHUNK_BYTES = 4 << 20;
    private static final int CLIENTS = 16;
    private static final int SMALL_FILES = 5000;

    @TempDir
    private static Path home;

    private static Daemons daemons;

    private final Http http = new Http();
    private final ExecutorService threads = Executors.newCachedThreadPool();

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
    void endThreads() {
        threads.shutdownNow();
    }

    @Test
    void aBigFileComesBackBitForBitWhileOthersReadAndWrite() throws Exception {
        long bytes = Long.getLong("kepler.it.bigfile.mb", 300) * 1_000_000;
        AtomicBoolean done = new AtomicBoolean();
        Future<Integer> others = threads.submit(() -> putAndGetUntil(done));

        http.putSeeded(daemons.a(), BUCKET, "big", 42, bytes);
        for (Future<?> read : List.of(
                threads.submit(() -> assertSeeded(daemons.b(), "big", 42, bytes)),
                threads.submit(() -> assertSeeded(daemons.c(), "big", 42, bytes)))) {
            read.get();
        }
        done.set(true);

        assertThat(others.get()).as("small files put and read meanwhile").isPositive();
    }

    private int putAndGetUntil(AtomicBoolean done) throws Exception {
        int rounds = 0;
        while (!done.get()) {
            String key = "meanwhile-" + rounds;
            http.putSeeded(daemons.b(), BUCKET, key, rounds, 50_000);
            http.assertSeeded(daemons.c(), BUCKET, key, rounds, 50_000);
            rounds++;
        }
        return rounds;
    }

    private Void assertSeeded(Daemon daemon, String key, long seed, long bytes) throws Exception {
        http.assertSeeded(daemon, BUCKET, key, seed, bytes);
        return null;
    }

    @Test
    void rangesAreRightAtEveryChunkBoundary() throws Exception {
        byte[] content = new SeededStream(7, 3L * CHUNK_BYTES + 1234).readAllBytes();
        http.putSeeded(daemons.a(), BUCKET, "ranges", 7, content.length);

        for (int boundary = 0; boundary <= content.length; boundary += CHUNK_BYTES) {
            for (int first : List.of(boundary - 1, boundary, boundary + 1)) {
                for (int length : List.of(1, 2, CHUNK_BYTES, CHUNK_BYTES + 2)) {
                    assertRange(content, Math.max(0, first), length);
                }
            }
        }
        assertThat(get("ranges", "bytes=-5").body())
                .isEqualTo(Arrays.copyOfRange(content, content.length - 5, content.length));
        assertThat(get("ranges", "bytes=" + (content.length - 1) + "-").body()).hasSize(1);
        assertThat(get("ranges", "bytes=" + content.length + "-").statusCode()).isEqualTo(416);
    }

    private void assertRange(byte[] content, int first, int length) throws Exception {
        int end = Math.min(content.length, first + length);
        HttpResponse<byte[]> answer = get("ranges", "bytes=" + first + "-" + (first + length - 1));

        assertThat(answer.statusCode()).isEqualTo(206);
        assertThat(answer.headers().firstValue("Content-Range"))
                .contains("bytes " + first + "-" + (end - 1) + "/" + content.length);
        assertThat(Arrays.equals(answer.body(), Arrays.copyOfRange(content, first, end)))
                .as("bytes %d to %d are right", first, end - 1)
                .isTrue();
    }

    private HttpResponse<byte[]> get(String key, String range) throws IOException, InterruptedException {
        return http.get(daemons.b(), BUCKET, key, "Range", range);
    }

    @Test
    void thousandsOfSmallFilesByManyClientsAreAllListedAndEqual() throws Exception {
        http.createBucket(daemons.a(), "many");
        byClients(number ->
                http.putSeeded(daemons.all().get(number % 3), "many", "dir/" + number, number, 1 + number % 6000));

        try (KeplerCluster cluster = daemons.c().connect()) {
            List<String> listed = new ArrayList<>();
            for (FileInfo file : cluster.bucket("many").list("")) {
                listed.add(file.key());
            }
            assertThat(listed)
                    .hasSize(SMALL_FILES)
                    .isSorted()
                    .containsAll(IntStream.range(0, SMALL_FILES)
                            .mapToObj(number -> "dir/" + number)
                            .toList());
        }
        byClients(number -> http.assertSeeded(
                daemons.all().get((number + 1) % 3), "many", "dir/" + number, number, 1 + number % 6000));
    }

    private interface Errand {
        void run(int number) throws Exception;
    }

    private void byClients(Errand errand) throws Exception {
        AtomicInteger next = new AtomicInteger();
        Callable<Void> client = () -> {
            for (int number = next.getAndIncrement(); number < SMALL_FILES; number = next.getAndIncrement()) {
                errand.run(number);
            }
            return null;
        };
        List<Callable<Void>> clients =
                IntStream.range(0, CLIENTS).mapToObj(i -> client).toList();
        for (Future<Void> future : threads.invokeAll(clients)) {
            future.get();
        }
    }

    @Test
    void theSameContentTwiceIsStoredOnce() throws Exception {
        daemons.awaitSettled();
        List<Long> before = chunkFiles();
        long chunks = 3;
        http.putSeeded(daemons.a(), BUCKET, "once", 99, chunks * CHUNK_BYTES);
        http.putSeeded(daemons.b(), BUCKET, "twice", 99, chunks * CHUNK_BYTES);

        List<Long> expected = before.stream().map(count -> count + chunks).toList();
        await().untilAsserted(() -> assertThat(chunkFiles()).isEqualTo(expected));
        daemons.awaitSettled();
        assertThat(chunkFiles()).isEqualTo(expected);
        http.assertSeeded(daemons.c(), BUCKET, "twice", 99, chunks * CHUNK_BYTES);
    }

    private static List<Long> chunkFiles() throws IOException {
        List<Long> counts = new ArrayList<>();
        for (Daemon daemon : daemons.all()) {
            try (Stream<Path> files = Files.walk(daemon.dataDirectory().resolve("chunks"))) {
                counts.add(files.filter(Files::isRegularFile).count());
            }
        }
        return counts;
    }

    @Test
    void garbageOnEveryPortHarmsNobody() throws Exception {
        byte[] garbage = new SeededStream(13, 100_000).readAllBytes();

        for (Daemon daemon : daemons.all()) {
            for (String port : List.of("HTTP_PORT", "GOSSIP_PORT", "TRANSFER_PORT")) {
                sendOverTcp(daemon.port(port), garbage);
                sendOverTcp(daemon.port(port), new byte[5000]);
            }
            for (int length : List.of(0, 1, 7, 100, 1400, 9000)) {
                sendOverUdp(daemon.port("GOSSIP_PORT"), Arrays.copyOf(garbage, length));
            }
        }

        for (Daemon daemon : daemons.all()) {
            http.putSeeded(daemon, BUCKET, "after-garbage-" + daemon.label(), 5, 100_000);
            http.assertSeeded(daemon, BUCKET, "after-garbage-" + daemon.label(), 5, 100_000);
        }
        daemons.awaitSettled();
    }

    private static void sendOverTcp(int port, byte[] bytes) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write(bytes);
        } catch (SocketException hungUp) {
            // the right answer to garbage
        }
    }

    private static void sendOverUdp(int port, byte[] bytes) throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.send(new DatagramPacket(bytes, bytes.length, InetAddress.getLoopbackAddress(), port));
        }
    }
}
