package io.keplerfs.examples.processes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keplerfs.IndeterminateException;
import io.keplerfs.KeplerCluster;
import io.keplerfs.NotFoundException;
import io.keplerfs.UnavailableException;
import io.keplerfs.examples.content.SeededStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Eight clients store and delete the same hundred chunks under names of their own, while chunks without references are collected
 * after a second and deleted a second later: the worst case for collection against upload of the same content.
 */
class ChurnIT {
    private static final String BUCKET = "churn";
    private static final int CLIENTS = 8;
    private static final int CONTENTS = 100;
    private static final int CHUNK_BYTES = 50_000;
    private static final long SECONDS = Long.getLong("kepler.it.churn.seconds", 15);
    private static final int ATTEMPTS = 10;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    private static Path home;

    @Test
    void whatIsAckedReadsBackAndTheDisksDoNotGrow() throws Exception {
        Map<String, String> settings = Map.of("COLLECT_AFTER_S", "1", "TRASH_RETENTION_S", "1");
        try (Daemons daemons = Daemons.start(home, 3, settings)) {
            new Http().createBucket(daemons.a(), BUCKET);
            ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
            List<Future<Client>> running = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Client client = new Client(i, daemons);
                running.add(threads.submit(client::churn));
            }
            long most = watch(daemons);
            List<Client> clients = new ArrayList<>();
            for (Future<Client> client : running) {
                clients.add(client.get(1, TimeUnit.MINUTES));
            }
            threads.shutdown();

            print(
                    "operations",
                    clients.stream().mapToLong(client -> client.operations).sum());
            print(
                    "not_known",
                    clients.stream().mapToLong(client -> client.maybe).sum());
            print("most_chunk_files", most);
            assertThat(most).as("files in chunks/ of three nodes").isPositive().isLessThanOrEqualTo(3 * CONTENTS);
            for (Client client : clients) {
                client.readAll(true);
            }
            for (Client client : clients) {
                client.deleteAll();
            }
            await("empty disks").atMost(PATIENCE).untilAsserted(() -> {
                assertThat(ChunkFiles.of(daemons.all()).files()).isZero();
                assertThat(ChunkFiles.in(daemons.all(), "trash").files()).isZero();
            });
        }
    }

    private static long watch(Daemons daemons) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        long most = 0;
        CountDownLatch never = new CountDownLatch(1);
        while (System.nanoTime() < end) {
            most = Math.max(most, ChunkFiles.of(daemons.all()).files());
            assertThat(never.await(200, TimeUnit.MILLISECONDS)).isFalse();
        }
        return most;
    }

    private static void print(String name, Object value) {
        System.out.println("churn." + name + ": " + value);
    }

    private interface Errand {
        void run() throws Exception;
    }

    /** One caller, who alone writes its keys and so knows what must be in each. */
    private static final class Client {
        private final int number;
        private final Daemons daemons;
        private final SplittableRandom random;
        private final Map<String, Integer> stored = new HashMap<>();
        private long operations;
        private long maybe;

        Client(int number, Daemons daemons) {
            this.number = number;
            this.daemons = daemons;
            this.random = new SplittableRandom(number);
        }

        Client churn() throws Exception {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            List<KeplerCluster> doors = new ArrayList<>();
            daemons.all().forEach(daemon -> doors.add(daemon.connect()));
            while (System.nanoTime() < end) {
                KeplerCluster door = doors.get(random.nextInt(doors.size()));
                String key = "c" + number + "/" + random.nextInt(10);
                if (random.nextInt(2) == 0) {
                    int content = random.nextInt(CONTENTS);
                    untilAcked(() -> door.bucket(BUCKET).put(key, bytes(content)));
                    stored.put(key, content);
                } else if (stored.remove(key) != null) {
                    untilAcked(() -> door.bucket(BUCKET).delete(key));
                }
                if (operations++ % 10 == 0) {
                    readAll(false);
                }
            }
            doors.forEach(KeplerCluster::close);
            return this;
        }

        /** On a busy machine an answer may be "unknown"; a later write of the only writer settles what is there. */
        private void untilAcked(Errand errand) throws Exception {
            for (int attempt = 1; ; attempt++) {
                try {
                    errand.run();
                    return;
                } catch (IndeterminateException | UnavailableException unknown) {
                    maybe++;
                    if (attempt == ATTEMPTS) {
                        throw unknown;
                    }
                    // As long as a well-behaved client waits after "try again later".
                    assertThat(new CountDownLatch(1).await(100L * attempt, TimeUnit.MILLISECONDS))
                            .isFalse();
                }
            }
        }

        void readAll(boolean everywhere) throws Exception {
            for (Daemon daemon : everywhere ? daemons.all() : List.of(daemons.a())) {
                try (KeplerCluster door = daemon.connect()) {
                    for (Map.Entry<String, Integer> file : stored.entrySet()) {
                        try (var content = door.bucket(BUCKET).open(file.getKey())) {
                            assertThat(content.readAllBytes()).as(file.getKey()).isEqualTo(bytes(file.getValue()));
                        } catch (NotFoundException lost) {
                            throw new AssertionError(file.getKey() + " was acknowledged and is gone", lost);
                        }
                    }
                }
            }
        }

        void deleteAll() throws Exception {
            try (KeplerCluster door = daemons.a().connect()) {
                for (String key : stored.keySet()) {
                    door.bucket(BUCKET).delete(key);
                }
            }
        }

        private static byte[] bytes(int content) throws IOException {
            return new SeededStream(content, CHUNK_BYTES).readAllBytes();
        }
    }
}
