package io.keplerfs.examples.processes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keplerfs.ClusterStatus;
import io.keplerfs.FileInfo;
import io.keplerfs.KeplerCluster;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Five JVMs lose a node for good, gain another, and are emptied. What is on the disks is judged by their files. {@code
 * -Dkepler.it.heal.mb=10000} for the size a release is measured with; figures are printed as {@code heal.name: value}.
 */
class HealIT {
    private static final String BUCKET = "corpus";
    private static final long MEGABYTES = Long.getLong("kepler.it.heal.mb", 40);
    private static final long SMALLEST = 1_000;
    private static final long LARGEST_SMALL = 200_000;
    private static final long LARGEST = Math.min(500_000_000, MEGABYTES * 1_000_000 / 4);
    /** Files up to this size have no chunks. */
    private static final long INLINE = 16 * 1024;

    private static final int CLIENTS = 4;
    /** A real test; the other one only has to find out whether everything still works. */
    private static final boolean LARGE = MEGABYTES > 1000;

    /** How long anything may take: ten times what the cap allows on a machine with nothing else to do. */
    private static final Duration PATIENCE = Duration.ofSeconds(120 + MEGABYTES / 10);

    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(30);

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private static Path home;

    private final Http http = new Http();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    private record Stored(String key, long seed, long bytes) {}

    @AfterEach
    void endThreads() {
        threads.shutdownNow();
    }

    @Test
    void aLostNodeIsReplacedANewOneGetsItsShareAndAnEmptiedClusterIsEmpty() throws Exception {
        Map<String, String> settings = Map.of(
                "EVICT_AFTER_S", LARGE ? "20" : "5",
                "COLLECT_AFTER_S", LARGE ? "10" : "3",
                "TRASH_RETENTION_S", LARGE ? "5" : "2",
                "NETWORK", LARGE ? "lan" : "local");
        try (Daemons daemons = Daemons.start(home, 5, settings)) {
            http.createBucket(daemons.a(), BUCKET);
            List<Stored> stored = corpus(new SplittableRandom(20_261_122));
            load(daemons, stored);
            daemons.awaitThreeCopies(PATIENCE);
            long unique = stored.stream()
                    .mapToLong(Stored::bytes)
                    .filter(bytes -> bytes > INLINE)
                    .sum();
            assertThat(ChunkFiles.of(daemons.all()).bytes()).as("three copies").isEqualTo(3 * unique);
            Set<String> chunks = ChunkFiles.of(daemons.all()).copies().keySet();
            probe(daemons, "quiet", this::moment);

            loseOne(daemons, chunks);
            readBack(daemons, stored);
            assertThat(ChunkFiles.of(daemons.all()).damaged())
                    .as("damaged copies")
                    .isEmpty();

            joinOne(daemons, unique);
            readBack(daemons, stored);

            empty(daemons, stored);
        }
    }

    /** Of twenty-one files twenty are small; within both kinds sizes are evenly spread over the orders of magnitude. */
    private static List<Stored> corpus(SplittableRandom random) {
        List<Stored> files = new ArrayList<>();
        for (long left = MEGABYTES * 1_000_000; left > 0; ) {
            long largest = files.size() % 21 == 0 ? LARGEST : LARGEST_SMALL;
            double power = random.nextDouble(Math.log(SMALLEST), Math.log(largest));
            long bytes = Math.min(left, (long) Math.exp(power));
            files.add(new Stored("f" + files.size(), random.nextLong(), bytes));
            left -= bytes;
        }
        return files;
    }

    private void load(Daemons daemons, List<Stored> stored) throws Exception {
        long start = System.nanoTime();
        byClients(
                stored,
                (number, file) ->
                        http.putSeeded(daemons.all().get(number % 5), BUCKET, file.key(), file.seed(), file.bytes()));
        print("files", stored.size());
        print("load_mb_per_second", MEGABYTES / Math.max(1, seconds(start)));
    }

    private void readBack(Daemons daemons, List<Stored> stored) throws Exception {
        byClients(
                stored,
                (number, file) -> http.assertSeeded(
                        daemons.all().get(number % daemons.all().size()),
                        BUCKET,
                        file.key(),
                        file.seed(),
                        file.bytes()));
    }

    private interface Errand {
        void run(int number, Stored file) throws Exception;
    }

    private void byClients(List<Stored> stored, Errand errand) throws Exception {
        AtomicInteger next = new AtomicInteger();
        Callable<Void> client = () -> {
            for (int number = next.getAndIncrement(); number < stored.size(); number = next.getAndIncrement()) {
                errand.run(number, stored.get(number));
            }
            return null;
        };
        List<Callable<Void>> clients =
                IntStream.range(0, CLIENTS).mapToObj(i -> client).toList();
        for (Future<Void> future : threads.invokeAll(clients)) {
            future.get();
        }
    }

    /** @param chunks which are to have three copies again; those of the probe come and go meanwhile */
    private void loseOne(Daemons daemons, Set<String> chunks) throws Exception {
        Daemon lost = daemons.all().get(4);
        long bytes = ChunkFiles.of(List.of(lost)).bytes();
        lost.kill();
        daemons.forget(lost);
        long start = System.nanoTime();
        awaitMembers(daemons, 4);
        long evicted = System.nanoTime();
        probe(
                daemons,
                "repair",
                () -> await("three copies of everything")
                        .atMost(PATIENCE)
                        .pollInterval(LOOK)
                        .untilAsserted(
                                () -> assertThat(ChunkFiles.of(daemons.all()).withFewerThan(3, chunks))
                                        .isZero()));
        print("repair.evicted_after_seconds", (evicted - start) / 1_000_000_000);
        print("repair.seconds", seconds(evicted));
        print("repair.mb", bytes / 1_000_000);
        print("repair.mb_per_second_of_a_cap_of_200", bytes / 1_000_000 / Math.max(1, seconds(evicted)));
    }

    private void joinOne(Daemons daemons, long unique) throws Exception {
        long start = System.nanoTime();
        Daemon joined = daemons.join("node-f");
        awaitMembers(daemons, 5);
        probe(
                daemons,
                "join",
                () -> await("the new node has its share")
                        .atMost(PATIENCE)
                        .pollInterval(LOOK)
                        .untilAsserted(
                                () -> assertThat(ChunkFiles.of(List.of(joined)).bytes())
                                        .isGreaterThan(unique * 3 / 5 * 6 / 10)));
        print("join.share_after_seconds", seconds(start));
        await("old copies are gone and everything is there three times")
                .atMost(PATIENCE)
                .pollInterval(LOOK)
                .untilAsserted(() -> {
                    ChunkFiles all = ChunkFiles.of(daemons.all());
                    assertThat(all.withFewerThan(3)).isZero();
                    assertThat((double) all.bytes() / unique).isBetween(2.94, 3.06);
                });
        print("join.clean_after_seconds", seconds(start));
        print("join.new_node_mb", ChunkFiles.of(List.of(joined)).bytes() / 1_000_000);
        print("join.ideal_mb", unique * 3 / 5 / 1_000_000);
    }

    private void empty(Daemons daemons, List<Stored> stored) throws Exception {
        long start = System.nanoTime();
        try (KeplerCluster cluster = daemons.a().connect()) {
            List<String> keys = new ArrayList<>();
            for (FileInfo file : cluster.bucket(BUCKET).list("")) {
                keys.add(file.key());
            }
            assertThat(keys).containsAll(stored.stream().map(Stored::key).toList());
            for (String key : keys) {
                cluster.bucket(BUCKET).delete(key);
            }
        }
        await("empty disks").atMost(PATIENCE).pollInterval(LOOK).untilAsserted(() -> {
            for (String directory : List.of("chunks", "trash", "tmp", "quarantine")) {
                assertThat(chunksIn(daemons, directory)).as(directory).isEmpty();
            }
        });
        print("empty.after_seconds", seconds(start));
    }

    /** The SQLite library is unpacked into {@code tmp}. */
    private static List<String> chunksIn(Daemons daemons, String directory) throws IOException {
        return ChunkFiles.in(daemons.all(), directory).copies().keySet().stream()
                .filter(name -> name.matches("[0-9a-f]{64}.*"))
                .toList();
    }

    private static void awaitMembers(Daemons daemons, int members) {
        await(members + " owners")
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(200))
                .ignoreExceptions()
                .untilAsserted(() -> {
                    for (Daemon daemon : daemons.all()) {
                        try (KeplerCluster cluster = daemon.connect()) {
                            ClusterStatus status = cluster.status();
                            assertThat(status.settled()).isTrue();
                            assertThat(status.members())
                                    .filteredOn(member -> member.owner())
                                    .hasSize(members);
                        }
                    }
                });
    }

    private interface Phase {
        void run() throws Exception;
    }

    /** Long enough for a median. */
    private void moment() throws InterruptedException {
        assertThat(new CountDownLatch(1).await(3, TimeUnit.SECONDS)).isFalse();
    }

    /** Puts and gets files of 100 KB meanwhile, one after the other, and prints how long each took. */
    private void probe(Daemons daemons, String name, Phase phase) throws Exception {
        CountDownLatch ended = new CountDownLatch(1);
        List<Long> puts = new CopyOnWriteArrayList<>();
        List<Long> gets = new CopyOnWriteArrayList<>();
        Future<Void> prober = threads.submit(() -> {
            for (int i = 0; !ended.await(100, TimeUnit.MILLISECONDS); i++) {
                Daemon one = daemons.all().get(i % 4);
                String key = "probe-" + i % 10;
                long seed = name.hashCode() + i;
                long before = System.nanoTime();
                http.putSeeded(one, BUCKET, key, seed, 100_000);
                long put = System.nanoTime();
                HttpResponse<byte[]> got = http.get(daemons.all().get((i + 1) % 4), BUCKET, key);
                assertThat(got.statusCode()).isEqualTo(200);
                assertThat(got.body()).hasSize(100_000);
                puts.add(put - before);
                gets.add(System.nanoTime() - put);
            }
            return null;
        });
        try {
            phase.run();
        } finally {
            ended.countDown();
            prober.get(PROBE_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        }
        print(name + ".put_ms_p50_p99", quantiles(puts));
        print(name + ".get_ms_p50_p99", quantiles(gets));
        try (KeplerCluster cluster = daemons.a().connect()) {
            for (int i = 0; i < Math.min(10, puts.size()); i++) {
                cluster.bucket(BUCKET).delete("probe-" + i);
            }
        }
    }

    private static String quantiles(List<Long> nanos) {
        if (nanos.isEmpty()) {
            return "none";
        }
        List<Long> sorted = new ArrayList<>(nanos);
        Collections.sort(sorted);
        return sorted.get(sorted.size() / 2) / 1_000_000 + " / " + sorted.get(sorted.size() * 99 / 100) / 1_000_000
                + " of " + sorted.size();
    }

    private static long seconds(long sinceNanos) {
        return (System.nanoTime() - sinceNanos) / 1_000_000_000;
    }

    private static void print(String name, Object value) {
        System.out.println("heal." + name + ": " + value);
    }
}
