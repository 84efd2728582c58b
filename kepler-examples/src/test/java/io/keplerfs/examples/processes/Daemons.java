package io.keplerfs.examples.processes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keplerfs.ClusterStatus;
import io.keplerfs.KeplerCluster;
import io.keplerfs.examples.daemon.FreePorts;
import io.keplerfs.values.MemberState;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/** Daemons that are one cluster. */
final class Daemons implements AutoCloseable {
    /** What a restarted node gets to catch up, by the promise under test. */
    static final Duration A_MINUTE = Duration.ofMinutes(1);

    private final List<Daemon> all = new ArrayList<>();
    private final Path home;
    /** What every node gets beside its label, its ports and the seeds. */
    private final Map<String, String> settings;

    private final FreePorts ports = new FreePorts(new SplittableRandom(System.nanoTime()));

    private Daemons(Path home, Map<String, String> settings) {
        this.home = home;
        this.settings = Map.copyOf(settings);
    }

    /** Starts three together with the same seeds and waits until all own data. */
    static Daemons start(Path home) throws IOException {
        return start(home, 3);
    }

    static Daemons start(Path home, int count) throws IOException {
        return start(home, count, Map.of());
    }

    /** The first are called node-a, node-b and so on. */
    static Daemons start(Path home, int count, Map<String, String> settings) throws IOException {
        Daemons daemons = new Daemons(home, settings);
        for (int i = 0; i < count; i++) {
            daemons.all.add(daemons.make("node-" + (char) ('a' + i)));
        }
        String seeds = daemons.seeds();
        daemons.all.forEach(daemon -> daemon.with("SEEDS", seeds));
        try {
            daemons.startAll();
            return daemons;
        } catch (IOException | RuntimeException | AssertionError failure) {
            daemons.close();
            throw failure;
        }
    }

    private Daemon make(String label) throws IOException {
        Daemon made = new Daemon(label, home, ports.next(), ports.next(), ports.next());
        settings.forEach(made::with);
        return made;
    }

    private String seeds() {
        return all.stream()
                .map(daemon -> "127.0.0.1:" + daemon.port("GOSSIP_PORT"))
                .collect(Collectors.joining(","));
    }

    /** Starts one more, with an empty disk; does not wait for it to own data. */
    Daemon join(String label) throws IOException {
        Daemon joining = make(label).with("SEEDS", seeds());
        all.add(joining);
        return joining.start();
    }

    /** It is no longer expected to be there. */
    void forget(Daemon gone) {
        all.remove(gone);
    }

    Daemon a() {
        return all.get(0);
    }

    Daemon b() {
        return all.get(1);
    }

    Daemon c() {
        return all.get(2);
    }

    List<Daemon> all() {
        return all;
    }

    /** Starts those that are down and waits until the three agree that nothing is missing. */
    void startAll() throws IOException {
        for (Daemon daemon : all) {
            daemon.start();
        }
        awaitSettled();
    }

    /** Everybody alive in everybody's eyes, ownership settled, nothing left to deliver. */
    void awaitSettled() {
        for (Daemon daemon : all) {
            await("all is well in the eyes of " + daemon.label())
                    .atMost(A_MINUTE)
                    .pollInterval(Duration.ofMillis(200))
                    .failFast(daemon.label() + " ended by itself", () -> !daemon.isRunning())
                    .ignoreExceptions()
                    .untilAsserted(() -> assertSettled(daemon));
        }
    }

    /** On their disks, whatever else is under way. */
    void awaitThreeCopies(Duration patience) {
        await("three copies of everything")
                .atMost(patience)
                .pollInterval(Duration.ofMillis(200))
                .untilAsserted(
                        () -> assertThat(ChunkFiles.of(all).withFewerThan(3)).isZero());
    }

    private void assertSettled(Daemon daemon) throws IOException {
        try (KeplerCluster cluster = daemon.connect()) {
            ClusterStatus status = cluster.status();
            assertThat(status.members())
                    .filteredOn(member -> member.owner() && member.state() == MemberState.ALIVE)
                    .hasSameSizeAs(all);
            assertThat(status.settled()).as("settled").isTrue();
            assertThat(status.queued()).as("queued").isZero();
        }
    }

    /** Waits until one node takes others for dead. */
    static void awaitDead(Daemon observer, Daemon... dead) {
        List<String> labels = List.of(dead).stream().map(Daemon::label).toList();
        await(observer.label() + " takes " + labels + " for dead")
                .atMost(A_MINUTE)
                .ignoreExceptions()
                .untilAsserted(() -> {
                    try (KeplerCluster cluster = observer.connect()) {
                        assertThat(cluster.status().members())
                                .filteredOn(member -> member.state() == MemberState.DEAD)
                                .extracting(member -> member.label())
                                .containsAll(labels);
                    }
                });
    }

    @Override
    public void close() {
        all.forEach(Daemon::close);
    }
}
