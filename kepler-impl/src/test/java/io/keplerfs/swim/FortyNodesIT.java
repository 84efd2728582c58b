package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.management.OperatingSystemMXBean;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.Network;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Forty members on real sockets with the timings a user gets: what an idle cluster costs, and how fast a death is known. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FortyNodesIT {
    private static final int NODES = 40;

    /** The promise of the issue: a node that was killed is dead for all others within this time. */
    private static final Duration DEATH_KNOWN_WITHIN = Duration.ofSeconds(20);

    /** Steady load per node at any number of nodes. */
    private static final double MOST_BYTES_PER_SECOND = 1_000;

    private static final Duration WATCHED = Duration.ofSeconds(20);

    private final List<LoopbackNode> nodes = new ArrayList<>();

    @AfterEach
    void close() {
        nodes.forEach(LoopbackNode::close);
    }

    @Test
    void anIdleClusterCostsLittleAndKnowsADeathInTime() throws Exception {
        startAll();
        awaitSilence();
        watchTheIdleCluster();

        LoopbackNode killed = nodes.remove(NODES / 2);
        long killedAt = System.nanoTime();
        killed.close();

        await().pollInterval(Duration.ofMillis(50))
                .atMost(DEATH_KNOWN_WITHIN)
                .until(() -> nodes.stream().allMatch(node -> node.believes(killed, MemberState.DEAD)));
        print("forty nodes: seconds until the last one knew a death", (System.nanoTime() - killedAt) / 1e9);
        assertThat(nodes).allSatisfy(node -> assertThat(living(node)).isEqualTo(NODES - 1));
    }

    private void startAll() throws Exception {
        long begun = System.nanoTime();
        Optional<UUID> cluster = Optional.of(new UUID(7, 40));
        for (int i = 0; i < NODES; i++) {
            LoopbackNode node = new LoopbackNode(i, 1, cluster, System::nanoTime);
            nodes.add(node);
            node.start("", List.of(nodes.get(0).seed()), Network.LAN);
        }
        await().atMost(Duration.ofSeconds(60)).until(() -> nodes.stream().allMatch(node -> living(node) == NODES));
        print("forty nodes: seconds until all knew all", (System.nanoTime() - begun) / 1e9);
    }

    /** Until the news of the start have been told often enough. */
    private void awaitSilence() {
        await().atMost(Duration.ofSeconds(60))
                .until(() -> nodes.stream()
                        .allMatch(node -> node.membership.report().measures().stream()
                                .noneMatch(measure -> measure.name().equals("kepler_gossip_broadcasts_waiting")
                                        && measure.value() > 0)));
    }

    private void watchTheIdleCluster() {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long bytesBefore = bytesSent();
        long cpuBefore = system.getProcessCpuTime();
        long begun = System.nanoTime();
        await().pollDelay(WATCHED).atMost(WATCHED.multipliedBy(2)).until(() -> true);
        double seconds = (System.nanoTime() - begun) / 1e9;
        double cpuMillis = (system.getProcessCpuTime() - cpuBefore) / 1e6 / seconds / NODES;
        double bytes = (bytesSent() - bytesBefore) / seconds / NODES;

        print("forty nodes: idle CPU of one node, ms per s", cpuMillis);
        print("forty nodes: bytes per second of one node, out, UDP and TCP", bytes);
        assertThat(bytes).isLessThan(MOST_BYTES_PER_SECOND);
        assertThat(nodes).allSatisfy(node -> assertThat(living(node)).isEqualTo(NODES));
    }

    /** Counted where the sockets are written. What one sends another one receives, so one direction is the whole. */
    private long bytesSent() {
        return nodes.stream()
                .map(node -> node.membership.statistics())
                .mapToLong(sockets -> sockets.packetBytesSent() + sockets.streamBytesSent())
                .sum();
    }

    private static long living(LoopbackNode node) {
        return node.membership.members().stream()
                .filter(member -> member.state() == MemberState.ALIVE)
                .count();
    }

    private static void print(String name, double value) {
        System.out.println(name + ": " + String.format(Locale.ROOT, "%.2f", value));
    }
}
