package io.keplerfs.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.Bucket;
import io.keplerfs.Conflict;
import io.keplerfs.DeleteOptions;
import io.keplerfs.Durability;
import io.keplerfs.FileInfo;
import io.keplerfs.GetOptions;
import io.keplerfs.InMemoryNetwork;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.KeplerEvent;
import io.keplerfs.KeplerNode;
import io.keplerfs.KeplerOptions;
import io.keplerfs.ListOptions;
import io.keplerfs.NotFoundException;
import io.keplerfs.PutOptions;
import io.keplerfs.values.VersionId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of fast writes and what they meet, on three nodes that are cut off from each other. */
class ConflictsTest {
    private static final int CHUNK = 64 * 1024;
    private static final PutOptions FAST = PutOptions.durability(Durability.FAST);

    private final InMemoryNetwork network = InMemoryNetwork.create();
    private final List<KeplerNode> nodes = new ArrayList<>();

    private void start(Duration retention) throws Exception {
        for (String label : List.of("a", "b", "c")) {
            start(KeplerOptions.inMemory(label, network), retention);
        }
        eventually().untilAsserted(() -> {
            for (KeplerNode node : nodes) {
                assertThat(node.cluster().status().settled()).isTrue();
                assertThat(node.cluster().status().members())
                        .filteredOn(member -> member.owner())
                        .hasSize(3);
            }
        });
        nodes.get(0).cluster().createBucket("files");
        for (int node = 1; node < 3; node++) {
            bucket(node).list("").iterator().hasNext();
        }
    }

    private void start(KeplerOptions.Builder options, Duration retention) throws Exception {
        if (!nodes.isEmpty()) {
            options.seeds("127.0.0.1:4000");
        }
        nodes.add(KeplerNode.start(
                options.chunkSizeBytes(CHUNK).conflictRetention(retention).build()));
    }

    private void start() throws Exception {
        start(Duration.ofDays(7));
    }

    @AfterEach
    void closeNodes() {
        nodes.forEach(KeplerNode::close);
    }

    private Bucket bucket(int node) {
        return nodes.get(node).cluster().bucket("files");
    }

    private void isolate(int node) {
        network.isolate(nodes.get(node).id());
    }

    private void heal(int node) {
        network.heal(nodes.get(node).id());
    }

    private static ConditionFactory eventually() {
        return Awaitility.await().atMost(Duration.ofSeconds(90)).ignoreExceptions();
    }

    /** Not where a version with chunks is replaced: the owners look after its references one after the other, for 40 s. */
    private void delivered() {
        eventually().untilAsserted(() -> {
            for (KeplerNode node : nodes) {
                assertThat(node.cluster().status().queued()).isZero();
            }
        });
    }

    /** Its first delivery was tried, in vain. */
    private void heldUp(int node) {
        FileInfo probe;
        try {
            probe = bucket(node).put("probe", new byte[] {0}, FAST);
        } catch (IOException impossible) {
            throw new AssertionError(impossible);
        }
        later(probe);
        Awaitility.await().until(() -> Instant.now().isAfter(probe.modifiedAt().plusMillis(2100)));
    }

    /** Nodes that cannot hear each other order what they write within one millisecond by chance. */
    private static void later(FileInfo than) {
        Awaitility.await().until(() -> Instant.now().isAfter(than.modifiedAt().plusMillis(1)));
    }

    private static byte[] random(int size, int seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static byte[] read(Bucket bucket, String key) throws IOException {
        try (InputStream in = bucket.open(key)) {
            return in.readAllBytes();
        }
    }

    private static byte[] read(Bucket bucket, Conflict conflict) throws IOException {
        FileInfo loser = conflict.loser();
        try (InputStream in =
                bucket.conflicts().snapshot(loser.key(), loser.version(), GetOptions.defaults()).stream()) {
            return in.readAllBytes();
        }
    }

    private Conflict onlyConflict(int node) throws IOException {
        List<Conflict> conflicts = bucket(node).conflicts().list().conflicts();
        assertThat(conflicts).hasSize(1);
        return conflicts.get(0);
    }

    @Test
    void aFastWriteThatLosesAgainstALaterQuorumWriteIsKept() throws Exception {
        start();
        List<KeplerEvent> events = new CopyOnWriteArrayList<>();
        nodes.get(0).cluster().onEvent(events::add);
        bucket(0).put("file", new byte[] {0});
        isolate(0);
        byte[] lost = random(2 * CHUNK + 7, 1);
        FileInfo loser = bucket(0).put("file", lost, FAST);
        later(loser);
        FileInfo winner = bucket(1).put("file", new byte[] {2});
        heal(0);
        delivered();

        Conflict conflict = onlyConflict(2);
        assertThat(conflict.loser().version()).isEqualTo(loser.version());
        assertThat(conflict.loser().sizeBytes()).isEqualTo(lost.length);
        assertThat(conflict.winner()).isEqualTo(winner.version());
        assertThat(read(bucket(2), "file")).containsExactly(2);
        assertThat(read(bucket(2), conflict)).isEqualTo(lost);
        eventually()
                .untilAsserted(() -> assertThat(events)
                        .filteredOn(KeplerEvent.ConflictRecorded.class::isInstance)
                        .singleElement()
                        .isEqualTo(new KeplerEvent.ConflictRecorded(conflict)));
    }

    @Test
    void whatALaterFastWriteReplacesUnseenIsKept() throws Exception {
        start();
        bucket(0).put("file", new byte[] {0});
        isolate(0);
        byte[] lost = random(CHUNK + 1, 2);
        FileInfo loser = bucket(1).put("file", lost);
        later(loser);
        FileInfo winner = bucket(0).put("file", new byte[] {2}, FAST);
        heldUp(0);
        heal(0);
        eventually()
                .untilAsserted(
                        () -> assertThat(bucket(2).head("file").version()).isEqualTo(winner.version()));

        Conflict conflict = onlyConflict(2);
        assertThat(conflict.loser().version()).isEqualTo(loser.version());
        assertThat(conflict.winner()).isEqualTo(winner.version());
        assertThat(read(bucket(1), "file")).containsExactly(2);
        assertThat(read(bucket(1), conflict)).isEqualTo(lost);
    }

    @Test
    void aFastDeleteKeepsWhatItDidNotSeeAndAnEarlierOneLeavesNothingBehind() throws Exception {
        start();
        bucket(0).put("file", new byte[] {0});
        bucket(0).put("again", new byte[] {0});
        isolate(0);
        bucket(0).delete("again", DeleteOptions.defaults().withDurability(Durability.FAST));
        FileInfo loser = bucket(1).put("file", new byte[] {1});
        later(loser);
        bucket(0).delete("file", DeleteOptions.defaults().withDurability(Durability.FAST));
        bucket(1).put("again", new byte[] {1});
        heldUp(0);
        heal(0);
        delivered();

        assertThatThrownBy(() -> bucket(2).head("file")).isInstanceOf(NotFoundException.class);
        assertThat(read(bucket(2), "again")).containsExactly(1);
        assertThat(onlyConflict(2).loser().version()).isEqualTo(loser.version());
    }

    @Test
    void fastWritesOnBothSidesKeepTheEarlierOneOnce() throws Exception {
        start();
        isolate(0);
        isolate(1);
        isolate(2);
        FileInfo earlier = bucket(0).put("file", new byte[] {1}, FAST);
        later(earlier);
        FileInfo later = bucket(1).put("file", new byte[] {2}, FAST);
        heldUp(1);
        for (int node = 0; node < 3; node++) {
            heal(node);
        }
        delivered();

        assertThat(onlyConflict(2).loser().version()).isEqualTo(earlier.version());
        assertThat(bucket(2).head("file").version()).isEqualTo(later.version());
    }

    @Test
    void laterWritesOfTheSameLineageAreNoConflict() throws Exception {
        start();
        bucket(1).put("file", new byte[] {0});
        bucket(1).put("quorum", new byte[] {0});
        // Whether it has a copy of its own or not, this node has seen what is there.
        bucket(0).head("file");
        isolate(0);
        for (int i = 1; i <= 20; i++) {
            bucket(0).put("file", new byte[] {(byte) i}, FAST);
        }
        bucket(0).put("quorum", new byte[] {1}, FAST);
        heldUp(0);
        heal(0);
        eventually().untilAsserted(() -> bucket(0).put("quorum", new byte[] {2}));
        delivered();

        assertThat(read(bucket(2), "file")).containsExactly(20);
        assertThat(read(bucket(2), "quorum")).containsExactly(2);
        assertThat(bucket(2).conflicts().list().conflicts()).isEmpty();
    }

    @Test
    void aFastWriteThatNothingHoldsUpIsAnOrdinaryPut() throws Exception {
        start();
        for (int i = 0; i < 3; i++) {
            bucket(i).put("file", new byte[] {(byte) i}, FAST);
            delivered();
        }

        assertThat(read(bucket(2), "file")).containsExactly(2);
        assertThat(bucket(0).conflicts().list().conflicts()).isEmpty();
    }

    @Test
    void aConflictIsDroppedOrPromoted() throws Exception {
        start();
        isolate(0);
        byte[] content = random(3 * CHUNK, 3);
        PutOptions described = FAST.toBuilder()
                .contentType("text/plain")
                .metadata("author", "a")
                .build();
        FileInfo promote = bucket(0).put("promote", content, described);
        FileInfo drop = bucket(0).put("drop", content, FAST);
        later(drop);
        bucket(1).put("promote", new byte[] {1});
        bucket(1).put("drop", new byte[] {1});
        heal(0);
        delivered();
        List<Conflict> conflicts = bucket(1).conflicts().list().conflicts();
        assertThat(conflicts).extracting(c -> c.loser().key()).containsExactly("drop", "promote");

        FileInfo promoted = bucket(2).conflicts().promote(bucket(2), conflicts.get(1), PutOptions.defaults());
        assertThat(bucket(2).conflicts().drop("drop", drop.version())).isTrue();
        assertThat(bucket(1).conflicts().drop("drop", drop.version())).isFalse();
        delivered();

        assertThat(promoted.contentType()).isEqualTo("text/plain");
        assertThat(promoted.metadata()).containsEntry("author", "a");
        assertThat(promoted.version()).isNotEqualTo(promote.version());
        assertThat(read(bucket(0), "promote")).isEqualTo(content);
        assertThat(bucket(0).conflicts().list().conflicts()).isEmpty();
        assertThatThrownBy(() -> bucket(0).conflicts().snapshot("drop", drop.version(), GetOptions.defaults()))
                .isInstanceOf(NotFoundException.class);
    }

    @Test
    void conflictsEndByThemselves() throws Exception {
        start(Duration.ofSeconds(1));
        isolate(0);
        FileInfo loser = bucket(0).put("file", random(CHUNK, 4), FAST);
        later(loser);
        bucket(1).put("file", new byte[] {1});
        heal(0);
        delivered();

        eventually()
                .untilAsserted(() ->
                        assertThat(bucket(1).conflicts().list().conflicts()).isEmpty());
        assertThat(read(bucket(2), "file")).containsExactly(1);
    }

    @Test
    void conflictsAreListedInPages() throws Exception {
        start();
        isolate(0);
        FileInfo last = null;
        for (String key : List.of("x/1", "x/2", "x/3", "y")) {
            last = bucket(0).put(key, new byte[] {0}, FAST);
        }
        later(java.util.Objects.requireNonNull(last));
        for (String key : List.of("x/1", "x/2", "x/3", "y")) {
            bucket(1).put(key, new byte[] {1});
        }
        heal(0);
        delivered();

        List<String> keys = new ArrayList<>();
        ListOptions page = ListOptions.prefix("x/").withLimit(2);
        for (boolean more = true; more; ) {
            var found = bucket(2).conflicts().list(page);
            found.conflicts().forEach(conflict -> keys.add(conflict.loser().key()));
            more = found.next().isPresent();
            page = more ? page.withAfter(found.next().orElseThrow()) : page;
        }
        assertThat(keys).containsExactly("x/1", "x/2", "x/3");
        assertThatThrownBy(
                        () -> bucket(2).conflicts().list(ListOptions.prefix("").withDelimiter("/")))
                .isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() ->
                        bucket(2).conflicts().snapshot("x/1", new VersionId(new UUID(1, 1)), GetOptions.defaults()))
                .isInstanceOf(NotFoundException.class);
    }

    @Test
    void aFastWriteSurvivesACrashBetweenItsAckAndItsDelivery(@TempDir Path directory) throws Exception {
        start();
        KeplerOptions.Builder onDisk = KeplerOptions.builder()
                .label("d")
                .dataDirectory(directory)
                .httpPort(KeplerOptions.NO_HTTP)
                .seeds("127.0.0.1:4000")
                .chunkSizeBytes(CHUNK);
        KeplerNode first = KeplerNode.start(onDisk.transport(network.newTransport())
                .membership(network.newMembership())
                .build());
        byte[] content = random(2 * CHUNK, 5);
        FileInfo written;
        try (first) {
            Bucket files = first.cluster().bucket("files");
            eventually().untilAsserted(() -> files.list("").iterator().hasNext());
            network.isolate(first.id());
            written = files.put("file", content, FAST);
            files.put("small", new byte[] {1}, FAST);
        }
        network.heal(first.id());
        assertThatThrownBy(() -> bucket(0).head("file")).isInstanceOf(NotFoundException.class);

        try (KeplerNode again = KeplerNode.start(onDisk.transport(network.newTransport())
                .membership(network.newMembership())
                .build())) {
            eventually().untilAsserted(() -> {
                assertThat(bucket(0).head("file").version()).isEqualTo(written.version());
                assertThat(read(bucket(1), "file")).isEqualTo(content);
                assertThat(read(bucket(1), "small")).containsExactly(1);
                assertThat(again.cluster().status().queued()).isZero();
            });
        }
        assertThat(bucket(1).conflicts().list().conflicts()).isEmpty();
    }
}
