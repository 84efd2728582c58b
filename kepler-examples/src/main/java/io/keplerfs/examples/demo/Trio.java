package io.keplerfs.examples.demo;

import io.keplerfs.ClusterStatus;
import io.keplerfs.KeplerCluster;
import io.keplerfs.KeplerException;
import io.keplerfs.KeplerNode;
import io.keplerfs.KeplerOptions;
import io.keplerfs.Member;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.Shell;
import io.keplerfs.examples.daemon.FreePorts;
import io.keplerfs.examples.daemon.NodeProcess;
import io.keplerfs.values.MemberState;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** The demo's three nodes: node-a and node-b in this JVM, node-c in a process that can really be killed. */
final class Trio implements AutoCloseable {
    private static final String CHILD_HEAP = "256m";
    private static final int NODES = 3;

    private final Path directory;
    private final Output output;
    private final KeplerNode nodeA;
    private final KeplerNode nodeB;
    private final Map<String, String> settingsC = new LinkedHashMap<>();
    private final KeplerCluster clientC;
    private @Nullable NodeProcess processC;

    /** Starts node-a and node-b; {@link #startC} is separate because it is done twice. */
    Trio(Shell shell, Path directory, Output output, SplittableRandom random) throws IOException {
        this.directory = directory;
        this.output = output;
        this.nodeA = shell.starter()
                .start(KeplerOptions.local("node-a", directory.resolve("node-a"))
                        .build());
        try {
            String seed = "127.0.0.1:" + nodeA.address().gossipPort();
            this.nodeB = shell.starter()
                    .start(KeplerOptions.local("node-b", directory.resolve("node-b"))
                            .seeds(seed)
                            .build());
            FreePorts ports = new FreePorts(random);
            settingsC.put("NODE_ID", "node-c");
            settingsC.put("DATA_DIR", directory.resolve("node-c").toString());
            settingsC.put("SEEDS", seed);
            for (String port : List.of("HTTP_PORT", "GOSSIP_PORT", "TRANSFER_PORT")) {
                settingsC.put(port, Integer.toString(ports.next()));
            }
            this.clientC = shell.connector().connect(urlC());
        } catch (IOException | RuntimeException failure) {
            close(nodeA);
            throw failure;
        }
    }

    private static void close(KeplerNode node) {
        node.close();
    }

    KeplerCluster a() {
        return nodeA.cluster();
    }

    KeplerCluster b() {
        return nodeB.cluster();
    }

    /** Through the HTTP gateway of node-c's process. */
    KeplerCluster c() {
        return clientC;
    }

    String urlC() {
        return "http://127.0.0.1:" + settingsC.get("HTTP_PORT");
    }

    List<String> urls() {
        List<String> urls = new ArrayList<>();
        nodeA.httpUri().map(URI::toString).ifPresent(urls::add);
        nodeB.httpUri().map(URI::toString).ifPresent(urls::add);
        urls.add(urlC());
        return urls;
    }

    long startC() throws IOException {
        NodeProcess started = NodeProcess.start(settingsC, CHILD_HEAP, directory.resolve("node-c.log"));
        processC = started;
        return started.pid();
    }

    void killC() throws InterruptedException {
        if (processC != null) {
            processC.kill();
        }
    }

    /** Waits until all three own data, are alive in each other's eyes and owe each other nothing. */
    void awaitSettled(Duration timeout) throws IOException, InterruptedException {
        new Patience(output, timeout).until("three members alive, ownership settled, queues empty", () -> {
            if (processC != null && !processC.isAlive()) {
                throw new IOException(
                        "node-c's process ended by itself; its log is " + directory.resolve("node-c.log"));
            }
            return missing(a()) + missing(b()) + missing(c());
        });
    }

    /** What keeps this node from being content; empty if nothing does. */
    private static String missing(KeplerCluster cluster) {
        try {
            ClusterStatus status = cluster.status();
            long present = status.members().stream()
                    .filter(member -> member.state() == MemberState.ALIVE && member.owner())
                    .count();
            return present == NODES && status.settled() && status.queued() == 0
                    ? ""
                    : label(status) + " sees " + present + " of " + NODES + " owners alive"
                            + (status.settled() ? "" : ", ownership moving") + ", " + status.queued() + " queued; ";
        } catch (KeplerException notYet) {
            return notYet.getMessage() + "; ";
        }
    }

    private static String label(ClusterStatus status) {
        return status.members().stream()
                .filter(member -> member.id().equals(status.self()))
                .map(Member::label)
                .findFirst()
                .orElse(status.self().toString());
    }

    /** Chunks on the disk of each node, by label. */
    Map<String, Long> chunks() throws IOException {
        Map<String, Long> chunks = new LinkedHashMap<>();
        for (Member member : a().status().members()) {
            chunks.put(member.label(), member.chunks());
        }
        return chunks;
    }

    @Override
    public void close() {
        clientC.close();
        if (processC != null) {
            processC.close();
        }
        close(nodeB);
        close(nodeA);
    }
}
