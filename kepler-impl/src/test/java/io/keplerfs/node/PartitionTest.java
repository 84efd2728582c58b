package io.keplerfs.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keplerfs.Bucket;
import io.keplerfs.ClusterStatus;
import io.keplerfs.Durability;
import io.keplerfs.GetOptions;
import io.keplerfs.InMemoryNetwork;
import io.keplerfs.KeplerNode;
import io.keplerfs.KeplerOptions;
import io.keplerfs.Member;
import io.keplerfs.PutOptions;
import io.keplerfs.UnavailableException;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Five nodes of which two lose sight of the other three. */
class PartitionTest {
    private static final int CHUNK = 64 * 1024;
    private static final int INLINE = 1024;
    private static final int FILES = 40;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /** Short, so that eviction would have happened if it could. */
    private static final Duration EVICT_AFTER = Duration.ofSeconds(5);

    private final InMemoryNetwork network = InMemoryNetwork.create();
    private final List<KeplerNode> nodes = new ArrayList<>();

    @BeforeEach
    void startFiveNodes() throws Exception {
        for (String label : List.of("a", "b", "c", "d", "e")) {
            var options = KeplerOptions.inMemory(label, network)
                    .chunkSizeBytes(CHUNK)
                    .inlineLimitBytes(INLINE)
                    .evictAfter(EVICT_AFTER);
            nodes.add(KeplerNode.start(
                    nodes.isEmpty()
                            ? options.build()
                            : options.seeds("127.0.0.1:4000").build()));
        }
        awaitSettled();
        nodes.get(0).cluster().createBucket("files");
        for (KeplerNode node : nodes) {
            await().atMost(PATIENCE)
                    .ignoreExceptions()
                    .until(() -> node.cluster().buckets().size() == 1);
        }
    }

    @AfterEach
    void closeNodes() {
        nodes.forEach(KeplerNode::close);
    }

    private void awaitSettled() {
        await().atMost(PATIENCE).untilAsserted(() -> {
            for (KeplerNode node : nodes) {
                ClusterStatus status = node.cluster().status();
                assertThat(status.settled()).isTrue();
                assertThat(status.queued()).isZero();
                assertThat(status.members())
                        .filteredOn(member -> member.owner() && member.state() == MemberState.ALIVE)
                        .hasSize(5);
            }
        });
    }

    private Bucket at(int node) {
        return nodes.get(node).cluster().bucket("files");
    }

    private static byte[] content(String key) {
        byte[] bytes = new byte[2 * CHUNK];
        new Random(key.hashCode()).nextBytes(bytes);
        return bytes;
    }

    private static byte[] read(Bucket bucket, String key) throws IOException {
        try (InputStream in = bucket.open(key)) {
            return in.readAllBytes();
        }
    }

    /** How many of the owners of a file are on the side of the three. */
    private int ownersAmongTheThree(String key) throws IOException {
        Set<NodeId> three =
                Set.of(nodes.get(0).id(), nodes.get(1).id(), nodes.get(2).id());
        return (int) nodes.get(0).cluster().ringOwners("files", key).stream()
                .map(Member::id)
                .filter(three::contains)
                .count();
    }

    /** Those of which a majority of the owners is among the three, and the others. */
    private Map<Boolean, List<String>> keysByMajority(String prefix) throws IOException {
        Map<Boolean, List<String>> keys = new HashMap<>(Map.of(true, new ArrayList<>(), false, new ArrayList<>()));
        for (int i = 0; i < FILES; i++) {
            keys.get(ownersAmongTheThree(prefix + i) >= 2).add(prefix + i);
        }
        return keys;
    }

    @Test
    void eachSideServesWhatItHasAMajorityForAndAllAgreeAfterwards() throws Exception {
        for (int i = 0; i < FILES; i++) {
            at(i % 5).put("before-" + i, content("before-" + i), PutOptions.durability(Durability.ALL));
        }
        awaitSettled();
        Map<String, Long> chunksBefore = chunks();
        long epoch = nodes.get(0).cluster().status().epoch();
        Map<Boolean, List<String>> keys = keysByMajority("during-");

        network.split(Set.of(nodes.get(3).id(), nodes.get(4).id()));
        awaitSeenDead();

        Map<String, byte[]> acked = new HashMap<>();
        for (String key : keys.get(true)) {
            byte[] small = key.getBytes(StandardCharsets.UTF_8);
            at(0).put(key, small);
            acked.put(key, small);
            assertThat(read(at(2), key)).isEqualTo(small);
            // A majority of its owners is over there: refused at once, not after a timeout.
            assertThatThrownBy(() -> at(3).put(key, new byte[] {1})).isInstanceOf(UnavailableException.class);
            assertThatThrownBy(() -> at(4).head(key)).isInstanceOf(UnavailableException.class);
        }
        for (String key : keys.get(false)) {
            assertThatThrownBy(() -> at(0).put(key, new byte[] {1})).isInstanceOf(UnavailableException.class);
            at(3).put(key, new byte[] {3});
            acked.put(key, new byte[] {3});
        }
        assertThatThrownBy(() -> at(4).list("").iterator().hasNext()).hasCauseInstanceOf(UnavailableException.class);
        for (int i = 0; i < FILES; i++) {
            String key = "before-" + i;
            if (!keysHere(key).isEmpty()) {
                assertThat(at(keysHere(key).get(0))
                                .snapshot(key, GetOptions.local())
                                .info()
                                .sizeBytes())
                        .isEqualTo(2 * CHUNK);
            }
        }
        at(4).put("fast", new byte[] {4}, PutOptions.durability(Durability.FAST));
        acked.put("fast", new byte[] {4});
        passTwiceTheTimeAfterWhichTheDeadAreEvicted();

        assertThat(chunks()).as("nobody copies anything because of a partition").isEqualTo(chunksBefore);
        assertThat(nodes)
                .allSatisfy(node -> assertThat(node.cluster().status().epoch()).isEqualTo(epoch));

        network.unite();
        awaitSettled();
        for (KeplerNode node : nodes) {
            for (Map.Entry<String, byte[]> file : acked.entrySet()) {
                await().atMost(PATIENCE)
                        .ignoreExceptions()
                        .untilAsserted(() -> assertThat(read(node.cluster().bucket("files"), file.getKey()))
                                .as("%s through %s", file.getKey(), node.id())
                                .isEqualTo(file.getValue()));
            }
            for (int i = 0; i < FILES; i++) {
                assertThat(read(node.cluster().bucket("files"), "before-" + i)).isEqualTo(content("before-" + i));
            }
        }
        assertThat(nodes)
                .allSatisfy(node -> assertThat(node.cluster().status().epoch()).isEqualTo(epoch));
    }

    /** Which of the two cut-off nodes own the file's manifest. */
    private List<Integer> keysHere(String key) throws IOException {
        List<NodeId> owners = nodes.get(3).cluster().ringOwners("files", key).stream()
                .map(Member::id)
                .toList();
        return IntStream.of(3, 4)
                .filter(node -> owners.contains(nodes.get(node).id()))
                .boxed()
                .toList();
    }

    private void awaitSeenDead() {
        await().atMost(PATIENCE).untilAsserted(() -> {
            assertThat(deadAt(0)).isEqualTo(2);
            assertThat(deadAt(3)).isEqualTo(3);
        });
    }

    private long deadAt(int node) throws IOException {
        return nodes.get(node).cluster().members().stream()
                .filter(member -> member.state() == MemberState.DEAD)
                .count();
    }

    private static void passTwiceTheTimeAfterWhichTheDeadAreEvicted() {
        await().pollDelay(EVICT_AFTER.multipliedBy(2)).atMost(PATIENCE).until(() -> true);
    }

    /** Chunks on each node's disk, as that node itself says. */
    private Map<String, Long> chunks() throws IOException {
        Map<String, Long> counts = new TreeMap<>();
        for (KeplerNode node : nodes) {
            node.cluster().members().stream()
                    .filter(member -> member.id().equals(node.id()))
                    .forEach(member -> counts.put(member.label(), member.chunks()));
        }
        return counts;
    }
}
