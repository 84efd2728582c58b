package io.keplerfs.examples.processes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keplerfs.KeplerCluster;
import io.keplerfs.examples.content.SeededStream;
import io.keplerfs.examples.daemon.FreePorts;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The runner as one process after the other: one node, its clients, and everything that keeps a node from starting. */
class RunnerIT {
    @TempDir
    private Path home;

    private Daemon daemon;
    private int runs;

    @BeforeEach
    void aNodeOfOnesOwn() throws IOException {
        daemon = newDaemon("node-a");
    }

    private Daemon newDaemon(String label) throws IOException {
        FreePorts ports = new FreePorts(new SplittableRandom(System.nanoTime()));
        return new Daemon(label, home, ports.next(), ports.next(), ports.next()).with("REPLICATION_FACTOR", "1");
    }

    @AfterEach
    void stop() {
        daemon.close();
    }

    private Daemon.Outcome kepler(String... arguments) throws Exception {
        return Daemon.run(Map.of("KEPLER_URL", daemon.url()), home.resolve("run-" + runs++), arguments);
    }

    private void awaitReady() {
        await(daemon.label() + " serves")
                .atMost(Daemons.A_MINUTE)
                .failFast(daemon.label() + " ended by itself", () -> !daemon.isRunning())
                .ignoreExceptions()
                .untilAsserted(() -> {
                    try (KeplerCluster cluster = daemon.connect()) {
                        assertThat(cluster.status().members())
                                .anyMatch(member -> member.label().equals(daemon.label()) && member.owner());
                    }
                });
    }

    @Test
    void filesGoInAndOutThroughTheCommandLine() throws Exception {
        daemon.start();
        awaitReady();
        Path original = home.resolve("original");
        Files.write(original, new SeededStream(1, 9_000_000).readAllBytes());
        Path copy = home.resolve("copy");

        assertThat(kepler("put", original.toString(), "box/a/b", "--create-bucket"))
                .satisfies(put -> assertThat(put.exitCode()).as(put.output()).isZero());
        assertThat(kepler("get", "box/a/b", copy.toString(), "--verify").exitCode())
                .isZero();
        assertThat(copy).hasSameBinaryContentAs(original);
        assertThat(kepler("ls", "-r", "box").output()).isEqualTo("a/b\n");
        assertThat(kepler("stat", "box/a/b").output()).contains("9000000 bytes", "node-a");
        assertThat(kepler("status").output()).contains("node-a *", "alive");
        assertThat(kepler("put", original.toString(), "box/a/b", "--if-absent").exitCode())
                .isEqualTo(4);
        assertThat(kepler("rm", "box/a/b").exitCode()).isZero();
        assertThat(kepler("get", "box/a/b", "-").exitCode()).isEqualTo(3);
    }

    @Test
    void aClientWithoutAClusterSaysSoInTwoLines() throws Exception {
        Daemon.Outcome outcome = kepler("ls");

        assertThat(outcome.exitCode()).isEqualTo(5);
        assertThat(outcome.output()).contains(daemon.url()).doesNotContain("\tat ");
        assertThat(outcome.output().lines().count()).isLessThanOrEqualTo(2);
    }

    @Test
    void aNodeStopsInOrderOnSigtermAndServesTheSameFilesAgain() throws Exception {
        Http http = new Http();
        daemon.start();
        awaitReady();
        http.createBucket(daemon, "box");
        http.putSeeded(daemon, "box", "kept", 2, 6_000_000);

        assertThat(daemon.terminate()).as("128 + SIGTERM").isEqualTo(143);
        daemon.start();
        awaitReady();

        http.assertSeeded(daemon, "box", "kept", 2, 6_000_000);
    }

    @Test
    void aNodeDoesNotOutliveItsParent() throws Exception {
        daemon.start();
        awaitReady();

        assertThat(daemon.orphan()).isZero();
    }

    @Test
    void badSettingsAreRefusedNamingEachOfThem() throws Exception {
        daemon.with("HTTP_PORT", "65536")
                .with("WEIGHT", "heavy")
                .with("S3_PORT", "9000")
                .start();

        assertRefused(2, "HTTP_PORT=65536", "0 to 65535", "WEIGHT=heavy", "1 to 100", "S3_PORT=9000", "no S3 endpoint");
    }

    @Test
    void aTakenTcpPortIsNamed() throws Exception {
        for (String variable : new String[] {"HTTP_PORT", "TRANSFER_PORT"}) {
            daemon = newDaemon("node-" + runs++);
            try (ServerSocket taken = new ServerSocket()) {
                taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), daemon.port(variable)));
                daemon.start();
                assertRefused(1, Integer.toString(daemon.port(variable)));
            }
        }
    }

    @Test
    void aTakenUdpPortIsNamed() throws Exception {
        try (DatagramSocket taken = new DatagramSocket(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), daemon.port("GOSSIP_PORT")))) {
            assertThat(taken.isBound()).isTrue();
            daemon.start();
            assertRefused(1, Integer.toString(daemon.port("GOSSIP_PORT")));
        }
    }

    @Test
    void aDataDirectoryThatCannotBeWrittenIsNamed() throws Exception {
        Path file = Files.writeString(home.resolve("a-file"), "in the way");
        daemon.with("DATA_DIR", file.resolve("data").toString()).start();

        assertRefused(1, file.toString());
    }

    @Test
    void theDataDirectoryOfAnotherNodeIsRefused() throws Exception {
        daemon.start();
        awaitReady();
        daemon.terminate();
        Path taken = daemon.dataDirectory();

        daemon = newDaemon("node-z").with("DATA_DIR", taken.toString()).start();

        assertRefused(1, "node-a", "node-z");
    }

    @Test
    void aDataDirectoryInUseIsRefusedNamingItsHolder() throws Exception {
        daemon.start();
        awaitReady();
        try (Daemon first = daemon) {
            daemon = newDaemon("node-a-again")
                    .with("NODE_ID", "node-a")
                    .with("DATA_DIR", first.dataDirectory().toString());
            Daemon.Outcome outcome = Daemon.run(daemon.settings(), home.resolve("second.log"), "node");

            assertThat(outcome.exitCode()).isEqualTo(1);
            assertThat(outcome.output())
                    .contains(first.dataDirectory().toString())
                    .doesNotContain("\tat ");
            assertThat(first.isRunning()).isTrue();
        }
    }

    private void assertRefused(int exitCode, String... words) throws Exception {
        assertThat(daemon.awaitExit()).as(daemon.log()).isEqualTo(exitCode);
        assertThat(daemon.log()).contains(words).doesNotContain("\tat ");
    }
}
