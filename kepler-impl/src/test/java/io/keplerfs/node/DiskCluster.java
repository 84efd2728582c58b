package io.keplerfs.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keplerfs.Bucket;
import io.keplerfs.InMemoryNetwork;
import io.keplerfs.KeplerNode;
import io.keplerfs.KeplerOptions;
import io.keplerfs.disk.DiskOptions;
import io.keplerfs.disk.DiskStore;
import io.keplerfs.repair.LifeTimes;
import io.keplerfs.spi.Store;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;

/** Nodes in one JVM without sockets, each on a real disk. */
final class DiskCluster implements AutoCloseable {
    static final int CHUNK = 64 * 1024;
    static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String BUCKET = "files";

    private final InMemoryNetwork network = InMemoryNetwork.create();
    private final List<KeplerNode> nodes = new ArrayList<>();
    private final List<Store> stores = new ArrayList<>();

    /** @param directories one of each node */
    DiskCluster(List<Path> directories, LifeTimes ages) throws IOException {
        for (Path directory : directories) {
            String label = "n" + nodes.size();
            DiskStore store = DiskStore.open(new DiskOptions(
                    directory, label, true, Thread::new, 4, UUID::randomUUID, System::currentTimeMillis));
            stores.add(store);
            KeplerOptions.Builder options =
                    KeplerOptions.inMemory(label, network).store(store).chunkSizeBytes(CHUNK);
            if (!nodes.isEmpty()) {
                options.seeds("127.0.0.1:4000");
            }
            nodes.add(new NodeStartup(options.build(), ages).start());
        }
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(nodes).allSatisfy(node -> {
                    assertThat(node.cluster().views().status().settled()).isTrue();
                    assertThat(node.cluster().views().status().members()).hasSize(directories.size());
                }));
        nodes.get(0).cluster().createBucket(BUCKET);
    }

    Bucket bucket(int node) {
        return nodes.get(node).cluster().bucket(BUCKET);
    }

    Store store(int node) {
        return stores.get(node);
    }

    static byte[] content(int seed, int chunks) {
        byte[] bytes = new byte[chunks * CHUNK];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    byte[] read(int node, String key) throws IOException {
        try (InputStream in = bucket(node).open(key)) {
            return in.readAllBytes();
        }
    }

    @Override
    public void close() {
        nodes.forEach(KeplerNode::close);
    }
}
