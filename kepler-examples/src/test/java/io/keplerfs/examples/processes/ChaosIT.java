package io.keplerfs.examples.processes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keplerfs.KeplerCluster;
import io.keplerfs.ViewStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Five JVMs, eight clients that increment, and everything that may happen to a node: what the callers saw must be explainable. */
class ChaosIT {
    private static final String BUCKET = "counters";
    private static final int FILES = 20;
    private static final int CLIENTS = 8;
    private static final long SECONDS = Long.getLong("kepler.it.chaos.seconds", 40);
    /** A pause up to this; with the default length of the test a shorter one, so that more of them fit. */
    private static final long LONGEST_PAUSE_MILLIS = Math.min(30_000, SECONDS * 1000 / 4);

    @TempDir
    private static Path home;

    /** Nothing counts it down: waiting for it is waiting for time to pass while the clients work. */
    private final CountDownLatch never = new CountDownLatch(1);

    private final List<Daemon> targets = new CopyOnWriteArrayList<>();
    private final List<String> story = new ArrayList<>();

    @Test
    void incrementsAreLinearizableWhileNodesAreKilledPausedJoinedAndDrained() throws Exception {
        long seed = Long.getLong("kepler.it.chaos.seed", System.nanoTime());
        try (Daemons daemons = Daemons.start(home, 5)) {
            new Http().createBucket(daemons.a(), BUCKET);
            targets.addAll(daemons.all());
            Counters counters = new Counters(BUCKET, FILES, () -> targets);
            CountDownLatch stopped = new CountDownLatch(1);
            ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
            List<Future<?>> running = new ArrayList<>();
            for (int client = 0; client < CLIENTS; client++) {
                long clientSeed = seed + client;
                running.add(clients.submit(() -> {
                    counters.incrementUntil(stopped, clientSeed);
                    return null;
                }));
            }
            try {
                harm(daemons, new SplittableRandom(seed));
            } finally {
                stopped.countDown();
                clients.shutdown();
            }
            for (Future<?> client : running) {
                client.get(1, TimeUnit.MINUTES);
            }
            daemons.startAll();

            judge(daemons, counters, seed);
        }
    }

    private void judge(Daemons daemons, Counters counters, long seed) {
        String what = "seed " + seed + ", statuses " + counters.statuses() + ", " + story;
        System.out.println("chaos.answers: " + counters.statuses());
        System.out.println("chaos.story: " + story);
        int acked = 0;
        for (Counters.Counter counter : counters.all()) {
            for (Daemon daemon : daemons.all()) {
                assertThat(counters.read(counter, daemon))
                        .as("%s through %s; %s", counter.key(), daemon.label(), what)
                        .isBetween(counter.acked(), counter.acked() + counter.maybe());
            }
            assertThat(counter.history().violation()).as(what).isEmpty();
            acked += counter.acked();
        }
        assertThat(counters.surprises()).as(what).isEmpty();
        assertThat(acked).as("increments; %s", what).isGreaterThan(100);
        System.out.println("chaos.increments: " + acked);
    }

    private void harm(Daemons daemons, SplittableRandom random) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        int joined = 0;
        for (int step = 0; System.nanoTime() < end; step++) {
            Daemon victim = targets.get(random.nextInt(targets.size()));
            switch (step % 4) {
                case 0 -> kill(victim, Duration.ofMillis(random.nextLong(200, 6_000)));
                case 1 -> pause(victim, Duration.ofMillis(random.nextLong(1_000, LONGEST_PAUSE_MILLIS)));
                case 2 -> join(daemons, "joiner-" + joined++);
                default -> drain(daemons, victim);
            }
            pass(Duration.ofSeconds(1));
        }
    }

    private void kill(Daemon victim, Duration down) throws Exception {
        story.add("kill " + victim.label());
        victim.kill();
        pass(down);
        victim.start();
        pass(Duration.ofSeconds(3));
    }

    private void pause(Daemon victim, Duration time) throws Exception {
        story.add("pause " + victim.label() + " for " + time.toMillis() + " ms");
        victim.pause();
        pass(time);
        victim.resume();
    }

    private void join(Daemons daemons, String label) throws Exception {
        story.add("join " + label);
        targets.add(daemons.join(label));
        pass(Duration.ofSeconds(3));
    }

    private void drain(Daemons daemons, Daemon victim) throws Exception {
        story.add("drain " + victim.label());
        Daemon other =
                targets.stream().filter(daemon -> daemon != victim).findFirst().orElseThrow();
        awaitMember(other, victim);
        Daemon.Outcome drained = Daemon.run(
                Map.of(),
                home.resolve("drain-" + story.size() + ".log"),
                "drain",
                victim.label(),
                "--wait",
                "--url",
                other.url());
        assertThat(drained.exitCode()).as(drained.output()).isZero();
        targets.remove(victim);
        daemons.forget(victim);
        victim.terminate();
    }

    /** One that has just joined may need a while until it is agreed on. */
    private static void awaitMember(Daemon observer, Daemon joined) {
        await(joined.label() + " is a member")
                .atMost(Daemons.A_MINUTE)
                .ignoreExceptions()
                .untilAsserted(() -> {
                    try (KeplerCluster cluster = observer.connect()) {
                        assertThat(cluster.views().status().members())
                                .extracting(ViewStatus.Member::label)
                                .contains(joined.label());
                    }
                });
    }

    private void pass(Duration time) throws InterruptedException {
        assertThat(never.await(time.toMillis(), TimeUnit.MILLISECONDS)).isFalse();
    }
}
