package io.keplerfs.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.Bucket;
import io.keplerfs.ChunkReport;
import io.keplerfs.ClusterRepair;
import io.keplerfs.ClusterStatus;
import io.keplerfs.Consistency;
import io.keplerfs.DeleteOptions;
import io.keplerfs.Durability;
import io.keplerfs.FileInfo;
import io.keplerfs.FileSnapshot;
import io.keplerfs.GetOptions;
import io.keplerfs.InMemoryNetwork;
import io.keplerfs.IndeterminateException;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.KeplerCluster;
import io.keplerfs.KeplerNode;
import io.keplerfs.KeplerOptions;
import io.keplerfs.ListOptions;
import io.keplerfs.ListPage;
import io.keplerfs.NotFoundException;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.PutOptions;
import io.keplerfs.RepairReport;
import io.keplerfs.RepairStatus;
import io.keplerfs.RepairWork;
import io.keplerfs.UnavailableException;
import io.keplerfs.repair.LifeTimes;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.VersionId;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The whole of a node but its sockets and its disk: what a caller of the public API is promised, on three nodes. */
class InMemoryClusterTest {
    private static final int CHUNK = 64 * 1024;

    private final InMemoryNetwork network = InMemoryNetwork.create();
    private final List<KeplerNode> nodes = new ArrayList<>();
    private Bucket a;
    private Bucket b;
    private Bucket c;

    @BeforeEach
    void startThreeNodes() throws Exception {
        for (String label : List.of("a", "b", "c")) {
            var options = KeplerOptions.inMemory(label, network).chunkSizeBytes(CHUNK);
            if (!nodes.isEmpty()) {
                options.seeds("127.0.0.1:4000");
            }
            nodes.add(start(options.build()));
        }
        Awaitility.await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            for (KeplerNode node : nodes) {
                ClusterStatus status = node.cluster().status();
                assertThat(status.settled()).isTrue();
                assertThat(status.members()).filteredOn(m -> m.owner()).hasSize(3);
            }
        });
        a = nodes.get(0).cluster().createBucket("files");
        b = nodes.get(1).cluster().bucket("files");
        c = nodes.get(2).cluster().bucket("files");
        // A node that is cut off later knows the bucket only if it has seen it.
        for (Bucket bucket : List.of(a, b, c)) {
            assertThat(bucket.list("")).isEmpty();
        }
    }

    @AfterEach
    void closeNodes() {
        nodes.forEach(KeplerNode::close);
    }

    /** Everything dead goes at once, so that every story here is also one of collection. */
    private static KeplerNode start(KeplerOptions options) throws IOException {
        LifeTimes hasty = new LifeTimes(
                Duration.ofMillis(200),
                Duration.ofMillis(500),
                Duration.ofSeconds(2),
                Duration.ofSeconds(2),
                Duration.ofDays(1),
                Duration.ofDays(7),
                Duration.ofSeconds(1),
                Duration.ofMinutes(5),
                Duration.ofDays(30));
        return new NodeStartup(options, hasty).start();
    }

    @Test
    void overwritesAndDeletesGiveTheirSpaceBackOnEveryNode() throws Exception {
        a.put("kept", random(3 * CHUNK));
        b.put("overwritten", random(5 * CHUNK));
        c.put("deleted", random(7 * CHUNK));

        a.put("overwritten", random(2 * CHUNK));
        b.delete("deleted");

        // The owners of a register look one after the other, 20 s apart, in case the first does not.
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(nodes.get(1).cluster().status().members())
                        .allSatisfy(member -> assertThat(member.bytesUsed()).isEqualTo(5L * CHUNK)));
        assertThat(read(c, "kept")).isEqualTo(random(3 * CHUNK));
        assertThat(read(c, "overwritten")).isEqualTo(random(2 * CHUNK));
    }

    @Test
    void aChunkIsExplainedByItsReferences() throws Exception {
        byte[] content = random(CHUNK);
        a.put("photo", content, PutOptions.durability(Durability.ALL));

        ChunkReport report = nodes.get(2).cluster().chunk(ChunkId.of(ByteBuffer.wrap(content)));

        assertThat(report.copies()).hasSize(3).allSatisfy(copy -> {
            assertThat(copy.owner()).isTrue();
            assertThat(copy.state()).isEqualTo("live");
            assertThat(copy.why()).isEqualTo("kept for files/photo");
            assertThat(copy.references()).hasSize(1);
        });
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    private static byte[] read(Bucket bucket, String key) throws IOException {
        try (InputStream in = bucket.open(key)) {
            return in.readAllBytes();
        }
    }

    @Test
    void whatOneNodeAcksEveryOtherReads() throws Exception {
        for (int size : new int[] {0, 1, 16 * 1024, 16 * 1024 + 1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK + 7}) {
            byte[] content = random(size);

            FileInfo info = a.put("file-" + size, new ByteArrayInputStream(content), PutOptions.defaults());

            assertThat(info.sizeBytes()).isEqualTo(size);
            assertThat(info.receipt().orElseThrow().fsyncedCopies()).isGreaterThanOrEqualTo(2);
            assertThat(read(b, "file-" + size)).isEqualTo(content);
            assertThat(read(c, "file-" + size)).isEqualTo(content);
        }
    }

    @Test
    void rangesAreRightAtEveryBoundary() throws Exception {
        byte[] content = random(3 * CHUNK + 10);
        a.put("ranged", content);
        FileSnapshot snapshot = b.snapshot("ranged", GetOptions.defaults());

        for (int from : new int[] {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 9, 3 * CHUNK + 10}) {
            for (int length : new int[] {0, 1, 2, CHUNK, CHUNK + 1, 2 * CHUNK}) {
                if (from + length <= content.length) {
                    try (InputStream in = snapshot.stream(from, length)) {
                        byte[] expected = java.util.Arrays.copyOfRange(content, from, from + length);
                        assertThat(in.readAllBytes()).isEqualTo(expected);
                    }
                }
            }
        }
        assertThatThrownBy(() -> snapshot.stream(1, content.length)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aThousandChunksAndMoreMakeATree() throws Exception {
        int size = 2100 * CHUNK + 5;
        byte[] pattern = random(CHUNK);
        InputStream content = new InputStream() {
            private int at;

            @Override
            public int read() {
                return at == size ? -1 : pattern[(at / CHUNK + at++) % CHUNK] & 0xff;
            }

            @Override
            public int read(byte[] target, int offset, int length) {
                int n = 0;
                for (int next; n < length && (next = read()) >= 0; n++) {
                    target[offset + n] = (byte) next;
                }
                return n == 0 && length > 0 ? -1 : n;
            }
        };

        a.put("big", content, PutOptions.defaults());

        FileSnapshot snapshot = c.snapshot("big", GetOptions.defaults());
        assertThat(snapshot.info().sizeBytes()).isEqualTo(size);
        for (int at : new int[] {0, CHUNK, 1000 * CHUNK, 2047 * CHUNK + 3, 2048 * CHUNK, size - 1}) {
            try (InputStream in = snapshot.stream(at, 1)) {
                assertThat(in.read()).isEqualTo(pattern[(at / CHUNK + at) % CHUNK] & 0xff);
            }
        }
        assertThat(nodes.get(1).cluster().chunks("files", "big", 1_100, 1_000)).hasSize(1_000);
        assertThat(nodes.get(1).cluster().chunks("files", "big", 2_095, 1_000)).hasSize(6);
    }

    @Test
    void theChunksOfAFileAreNamedInTheirOrder() throws Exception {
        byte[] content = random(2 * CHUNK + 5);
        a.put("photo", content, PutOptions.durability(Durability.ALL));
        a.put("note", new byte[10]);
        KeplerCluster cluster = nodes.get(2).cluster();
        List<ChunkId> expected = List.of(
                ChunkId.of(ByteBuffer.wrap(content, 0, CHUNK)),
                ChunkId.of(ByteBuffer.wrap(content, CHUNK, CHUNK)),
                ChunkId.of(ByteBuffer.wrap(content, 2 * CHUNK, 5)));

        assertThat(cluster.chunks("files", "photo", 0, 1_000)).isEqualTo(expected);
        assertThat(cluster.chunks("files", "photo", 1, 1)).isEqualTo(expected.subList(1, 2));
        assertThat(cluster.chunks("files", "photo", 3, 1)).isEmpty();
        assertThat(cluster.chunks("files", "note", 0, 1)).isEmpty();
        assertThatThrownBy(() -> cluster.chunks("files", "none", 0, 1)).isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> cluster.chunks("files", "photo", -1, 1)).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> cluster.chunks("files", "photo", 0, 1_001))
                .isInstanceOf(InvalidRequestException.class);
    }

    @Test
    void theRepairOfEveryMemberIsSeenAndSteeredFromAnyNode() throws Exception {
        ClusterRepair repair = nodes.get(1).cluster().repair();
        assertThat(repair.status().nodes()).extracting(RepairStatus::label).containsExactly("a", "b", "c");
        assertThat(repair.status().silent()).isEmpty();

        RepairReport report = repair.pause("queue", nodes.get(0).id());
        assertThat(report.nodes()).hasSize(1);
        assertThat(repair.status().nodes())
                .extracting(node -> node.work("queue").orElseThrow().state())
                .containsExactly(RepairWork.State.PAUSED, RepairWork.State.WAITING, RepairWork.State.WAITING);
        assertThat(repair.throttle(7_000_000).nodes())
                .extracting(RepairStatus::bandwidthBytesPerSecond)
                .containsOnly(7_000_000L);
        assertThatThrownBy(() -> repair.start("dishes"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("dishes");

        nodes.get(1).close();
        assertThatThrownBy(repair::status).isInstanceOf(UnavailableException.class);
        assertThatThrownBy(() -> repair.resume("queue")).isInstanceOf(UnavailableException.class);
    }

    @Test
    void sameContentIsStoredOnce() throws Exception {
        byte[] content = random(4 * CHUNK);
        a.put("one", content);
        b.put("two", content);

        assertThat(nodes.get(0).cluster().status().members())
                .allSatisfy(member -> assertThat(member.bytesUsed()).isEqualTo(4L * CHUNK));
    }

    @Test
    void ofTwoConditionalWritersOnOneBaseOneWins() throws Exception {
        FileInfo base = a.put("counter", new byte[] {1});
        b.put("counter", new byte[] {2}, PutOptions.ifMatch(base.etag()));

        assertThatThrownBy(() -> c.put("counter", new byte[] {3}, PutOptions.ifMatch(base.etag())))
                .isInstanceOf(PreconditionFailedException.class)
                .hasMessageContaining("etag");
        assertThatThrownBy(() -> c.put("counter", new byte[] {3}, PutOptions.ifAbsent()))
                .isInstanceOf(PreconditionFailedException.class);
        assertThat(read(a, "counter")).containsExactly(2);
    }

    @Test
    void aLowerFencingTokenIsRefusedAlsoAfterADelete() throws Exception {
        a.put("lock", new byte[] {1}, PutOptions.fencing(7));
        assertThatThrownBy(() -> b.put("lock", new byte[] {2}, PutOptions.fencing(6)))
                .isInstanceOf(PreconditionFailedException.class)
                .hasMessageContaining("7");
        a.delete("lock", DeleteOptions.defaults().withFencingToken(8));

        assertThatThrownBy(() -> b.put("lock", new byte[] {2}, PutOptions.fencing(7)))
                .isInstanceOf(PreconditionFailedException.class);
    }

    @Test
    void theSameVersionHappensOnce() throws Exception {
        PutOptions twice =
                PutOptions.builder().version(new VersionId(new UUID(1, 2))).build();

        FileInfo first = a.put("idempotent", random(3 * CHUNK), twice);
        FileInfo again = c.put("idempotent", random(3 * CHUNK), twice);
        b.put("idempotent", new byte[] {9}, PutOptions.ifMatch(first.etag()));
        FileInfo late = a.put("idempotent", random(3 * CHUNK), twice);

        assertThat(again.version()).isEqualTo(first.version());
        assertThat(late.version()).isEqualTo(first.version());
        assertThat(read(c, "idempotent")).containsExactly(9);
    }

    @Test
    void aFileMayBeWrittenAnyNumberOfTimesUnderIdsOfTheCallersChoice() throws Exception {
        int moreThanOwnersRemember = 70;
        for (int i = 1; i <= moreThanOwnersRemember; i++) {
            PutOptions named = PutOptions.builder()
                    .newVersion(new VersionId(new UUID(3, i)))
                    .build();
            a.put("busy", new byte[] {(byte) i}, named);
            assertThat(b.delete("busy")).isTrue();
        }

        FileInfo last = c.put(
                "busy",
                new byte[] {1},
                PutOptions.builder().newVersion(new VersionId(new UUID(3, 0))).build());

        assertThat(last.version()).isEqualTo(new VersionId(new UUID(3, 0)));
        assertThat(read(a, "busy")).containsExactly(1);
    }

    @Test
    void aDeletedFileIsGoneEverywhere() throws Exception {
        a.put("gone", new byte[] {1});

        assertThat(b.delete("gone")).isTrue();
        assertThat(c.delete("gone")).isFalse();
        assertThatThrownBy(() -> c.head("gone")).isInstanceOf(NotFoundException.class);
        assertThat(a.list("")).isEmpty();
    }

    @Test
    void aStreamThatBreaksLeavesNothing() throws Exception {
        InputStream broken = new InputStream() {
            private int left = 3 * CHUNK;

            @Override
            public int read() throws IOException {
                if (left-- == 0) {
                    throw new IOException("the client went away");
                }
                return left & 0xff;
            }
        };

        assertThatThrownBy(() -> a.put("broken", broken, PutOptions.defaults()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("went away");

        assertThatThrownBy(() -> a.head("broken")).isInstanceOf(NotFoundException.class);
        Awaitility.await()
                .untilAsserted(() -> assertThat(nodes.get(0).cluster().status().members())
                        .allSatisfy(member -> assertThat(member.chunks()).isZero()));
    }

    @Test
    void listsFoldAtTheDelimiterAndPageOn() throws Exception {
        for (String key : List.of("a/1", "a/2", "b/c/1", "b/d", "e", "ä", "\uD83D\uDE00", "%", "..", "a//x")) {
            a.put(key, key.getBytes(StandardCharsets.UTF_8));
        }

        List<String> seen = new ArrayList<>();
        ListOptions options = ListOptions.prefix("").withDelimiter("/").withLimit(2);
        ListPage page = b.list(options);
        while (true) {
            page.files().forEach(file -> seen.add(file.key()));
            seen.addAll(page.commonPrefixes());
            if (page.next().isEmpty()) {
                break;
            }
            page = b.list(options.withAfter(page.next().get()));
        }

        assertThat(seen).containsExactlyInAnyOrder("%", "..", "a/", "b/", "e", "ä", "\uD83D\uDE00");
        assertThat(c.list(ListOptions.prefix("b/").withDelimiter("/")).commonPrefixes())
                .containsExactly("b/c/");
        assertThat(c.list("a")).extracting(FileInfo::key).containsExactly("a//x", "a/1", "a/2");
    }

    @Test
    void withoutAMajorityQuorumCallsAreRefusedAndLocalAndFastOnesWork() throws Exception {
        a.put("before", new byte[] {1});
        read(a, "before");
        network.isolate(nodes.get(1).id());
        network.isolate(nodes.get(2).id());

        assertThatThrownBy(() -> a.put("during", new byte[] {2})).isInstanceOf(UnavailableException.class);
        assertThatThrownBy(() -> a.head("before")).isInstanceOf(UnavailableException.class);
        assertThatThrownBy(() -> a.list("").iterator().hasNext()).hasCauseInstanceOf(UnavailableException.class);
        assertThat(a.snapshot("before", GetOptions.local()).stream().readAllBytes())
                .containsExactly(1);
        a.put("small", new byte[] {3}, PutOptions.durability(Durability.FAST));
        a.put("large", random(2 * CHUNK), PutOptions.durability(Durability.FAST));
        assertThat(a.snapshot("small", GetOptions.local()).stream().readAllBytes())
                .containsExactly(3);
        assertThat(a.snapshot("large", GetOptions.local()).stream().readAllBytes())
                .isEqualTo(random(2 * CHUNK));

        network.heal(nodes.get(1).id());
        network.heal(nodes.get(2).id());

        Awaitility.await().atMost(Duration.ofSeconds(60)).ignoreExceptions().untilAsserted(() -> {
            assertThat(read(c, "small")).containsExactly(3);
            assertThat(read(c, "large")).isEqualTo(random(2 * CHUNK));
        });
    }

    @Test
    void allMeansEveryOwnerOfEveryPart() throws Exception {
        PutOptions all = PutOptions.durability(Durability.ALL);

        assertThat(a.put("small", new byte[] {1}, all).receipt().orElseThrow().fsyncedCopies())
                .isEqualTo(3);
        assertThat(a.put("large", random(3 * CHUNK), all)
                        .receipt()
                        .orElseThrow()
                        .fsyncedCopies())
                .isEqualTo(3);
        network.isolate(nodes.get(2).id());
        PutOptions brief = PutOptions.builder()
                .durability(Durability.ALL)
                .timeout(Duration.ofSeconds(2))
                .build();
        assertThatThrownBy(() -> a.put("small", new byte[] {2}, brief))
                .isInstanceOfAny(UnavailableException.class, IndeterminateException.class);
        assertThatThrownBy(() -> a.put("large", random(4 * CHUNK), brief))
                .isInstanceOfAny(UnavailableException.class, IndeterminateException.class);
        assertThat(read(b, "large")).isEqualTo(random(3 * CHUNK));
    }

    @Test
    void aLocalListingNamesWhatThisNodeHasOnAnySideOfAPartition() throws Exception {
        a.put("before", new byte[] {1});
        a.put("gone", new byte[] {1});
        a.delete("gone");
        network.isolate(nodes.get(1).id());
        network.isolate(nodes.get(2).id());
        a.put("fast", new byte[] {2}, PutOptions.durability(Durability.FAST));
        a.delete("before", DeleteOptions.defaults().withDurability(Durability.FAST));

        ListOptions local = ListOptions.prefix("").withConsistency(Consistency.LOCAL);

        assertThat(a.list(local).files()).extracting(FileInfo::key).containsExactly("fast");
        assertThatThrownBy(() -> a.head("before", GetOptions.local())).isInstanceOf(NotFoundException.class);
        network.heal(nodes.get(1).id());
        network.heal(nodes.get(2).id());
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .untilAsserted(
                        () -> assertThat(c.list("")).extracting(FileInfo::key).containsExactly("fast"));
    }

    @Test
    void aLocalListingFoldsAlsoWhileAFastDeleteOfTheFirstFileOfAFolderWaits() throws Exception {
        for (String key : List.of("x/1", "x/2", "y/1", "y/2", "z")) {
            a.put(key, new byte[] {1});
            Awaitility.await().ignoreExceptions().untilAsserted(() -> a.head(key, GetOptions.local()));
        }
        ListOptions local = ListOptions.prefix("").withDelimiter("/").withConsistency(Consistency.LOCAL);
        assertThat(a.list(local).commonPrefixes()).containsExactly("x/", "y/");
        ListPage first = a.list(local.withLimit(1));
        assertThat(first.commonPrefixes()).containsExactly("x/");
        assertThat(a.list(local.withAfter(first.next().orElseThrow())).commonPrefixes())
                .containsExactly("y/");

        network.isolate(nodes.get(1).id());
        network.isolate(nodes.get(2).id());
        DeleteOptions fast = DeleteOptions.defaults().withDurability(Durability.FAST);
        for (String key : List.of("x/1", "y/1", "y/2")) {
            a.delete(key, fast);
        }

        assertThat(a.list(local).commonPrefixes()).containsExactly("x/");
        assertThat(a.list(local).files()).extracting(FileInfo::key).containsExactly("z");
    }

    @Test
    void aFileDeletedWhileAnOwnerIsDownDoesNotComeBackWithIt() throws Exception {
        a.put("deleted", random(2 * CHUNK));
        Awaitility.await().untilAsserted(() -> c.head("deleted", GetOptions.local()));
        network.isolate(nodes.get(2).id());
        a.delete("deleted");
        network.heal(nodes.get(2).id());

        assertThatThrownBy(() -> a.head("deleted")).isInstanceOf(NotFoundException.class);
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThatThrownBy(() -> c.head("deleted", GetOptions.local()))
                        .isInstanceOf(NotFoundException.class));
        assertThat(b.list("")).isEmpty();
    }

    @Test
    void whatADownNodeMissesItGetsWhenItReturns() throws Exception {
        network.isolate(nodes.get(2).id());
        a.put("missed", random(3 * CHUNK));
        a.put("tiny", new byte[] {5});
        network.heal(nodes.get(2).id());

        Awaitility.await().atMost(Duration.ofSeconds(60)).ignoreExceptions().untilAsserted(() -> {
            assertThat(c.snapshot("tiny", GetOptions.local()).stream().readAllBytes())
                    .containsExactly(5);
            assertThat(nodes.get(2).cluster().status().members())
                    .filteredOn(member -> member.id().equals(nodes.get(2).id()))
                    .allSatisfy(member -> assertThat(member.chunks()).isEqualTo(3));
            assertThat(nodes.get(0).cluster().status().queued()).isZero();
        });
    }

    @Test
    void aFourthNodeGetsItsShare() throws Exception {
        for (int i = 0; i < 40; i++) {
            a.put("chunky-" + i, random(CHUNK + i));
        }

        KeplerNode fourth = start(KeplerOptions.inMemory("d", network)
                .chunkSizeBytes(CHUNK)
                .seeds("127.0.0.1:4000")
                .build());
        nodes.add(fourth);

        Awaitility.await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            ClusterStatus status = fourth.cluster().status();
            assertThat(status.settled()).isTrue();
            assertThat(status.members()).filteredOn(m -> m.owner()).hasSize(4);
        });
        Bucket d = fourth.cluster().bucket("files");
        for (int i = 0; i < 40; i++) {
            assertThat(read(d, "chunky-" + i)).isEqualTo(random(CHUNK + i));
        }
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(fourth.cluster().status().members())
                        .filteredOn(member -> member.id().equals(fourth.id()))
                        .allSatisfy(member -> assertThat(member.chunks()).isGreaterThan(20)));
    }

    @Test
    void wrongNamesAreRefusedWithWhatIsAllowed() {
        assertThatThrownBy(() -> nodes.get(0).cluster().createBucket("No"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("3 to 63");
        assertThatThrownBy(() -> a.put("", new byte[0])).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> a.put("k".repeat(1025), new byte[0]))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("1025");
        assertThatThrownBy(() -> a.put("\uD800", new byte[0])).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> nodes.get(1).cluster().bucket("nowhere").put("k", new byte[0]))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("createBucket");
    }

    @Test
    void aBucketWithFilesIsNotDeleted() throws Exception {
        a.put("file", new byte[0]);
        assertThatThrownBy(() -> nodes.get(1).cluster().deleteBucket("files"))
                .isInstanceOf(PreconditionFailedException.class);
        a.delete("file");
        nodes.get(1).cluster().deleteBucket("files");

        assertThat(nodes.get(2).cluster().buckets()).isEmpty();
    }

    @Test
    void theLaterOfTwoFastWritesStaysHoweverLateTheEarlierOneIsDelivered() throws Exception {
        network.isolate(nodes.get(1).id());
        network.isolate(nodes.get(2).id());
        a.put("fast", new byte[] {1}, PutOptions.durability(Durability.FAST));
        FileInfo earlier = a.put("gone", new byte[] {1}, PutOptions.durability(Durability.FAST));
        // Nodes that cannot hear each other order what they write within one millisecond by chance.
        Awaitility.await()
                .until(() -> Instant.now().isAfter(earlier.modifiedAt().plusMillis(1)));
        FileInfo later = b.put("fast", new byte[] {2}, PutOptions.durability(Durability.FAST));
        assertThat(later.modifiedAt()).isAfter(earlier.modifiedAt());
        b.put("gone", new byte[] {2}, PutOptions.durability(Durability.FAST));
        b.delete("gone", DeleteOptions.defaults().withDurability(Durability.FAST));

        network.heal(nodes.get(2).id());
        Awaitility.await().atMost(Duration.ofSeconds(60)).ignoreExceptions().untilAsserted(() -> {
            assertThat(read(c, "fast")).containsExactly(1);
            assertThat(read(c, "gone")).containsExactly(1);
        });
        network.heal(nodes.get(1).id());

        Awaitility.await().atMost(Duration.ofSeconds(60)).ignoreExceptions().untilAsserted(() -> {
            assertThat(read(c, "fast")).containsExactly(2);
            assertThatThrownBy(() -> c.head("gone")).isInstanceOf(NotFoundException.class);
        });
        assertThat(c.head("fast").version()).isEqualTo(later.version());
        assertThat(c.head("fast").modifiedAt()).isEqualTo(later.modifiedAt());
    }

    @Test
    void aFastWriteToAKeyThatIsWrittenOftenIsDelivered() throws Exception {
        for (int i = 0; i < 80; i++) {
            a.put("busy", new byte[] {(byte) i});
        }
        FileInfo fast = b.put("busy", new byte[] {99}, PutOptions.durability(Durability.FAST));

        Awaitility.await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            assertThat(read(c, "busy")).containsExactly(99);
            assertThat(nodes.get(1).cluster().status().queued()).isZero();
        });
        assertThat(c.head("busy").version()).isEqualTo(fast.version());
    }

    @Test
    void aConditionalPutWithoutATokenKeepsTheStoredOne() throws Exception {
        FileInfo fenced = a.put("lock", new byte[] {1}, PutOptions.fencing(7));
        b.put("lock", new byte[] {2}, PutOptions.ifMatch(fenced.etag()));
        assertThatThrownBy(() -> c.put("lock", new byte[] {3}, PutOptions.fencing(6)))
                .isInstanceOf(PreconditionFailedException.class);
        assertThat(a.delete("lock")).isTrue();
        b.put("lock", new byte[] {2}, PutOptions.ifAbsent());

        assertThatThrownBy(() -> c.put("lock", new byte[] {3}, PutOptions.fencing(6)))
                .isInstanceOf(PreconditionFailedException.class)
                .hasMessageContaining("7");
    }

    @Test
    void nothingEverLowersTheFence() throws Exception {
        network.isolate(nodes.get(2).id());
        a.put("fenced", new byte[] {1}, PutOptions.fencing(7));
        network.heal(nodes.get(2).id());

        // One round trip, which does not look, through the node that has missed the token, once it sees the others
        // again.
        Awaitility.await()
                .ignoreExceptions()
                .until(() -> c.put("fenced", new byte[] {2}).sizeBytes() == 1);
        c.put("fenced", new byte[] {3});
        assertThat(read(a, "fenced")).containsExactly(3);
        assertThatThrownBy(() -> b.put("fenced", new byte[] {4}, PutOptions.fencing(6)))
                .isInstanceOfSatisfying(
                        PreconditionFailedException.class,
                        refused -> assertThat(refused.storedToken()).hasValue(7));

        c.put("fenced", new byte[] {5}, PutOptions.durability(Durability.FAST));
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(read(a, "fenced")).containsExactly(5));
        assertThatThrownBy(() -> b.put("fenced", new byte[] {4}, PutOptions.fencing(6)))
                .isInstanceOf(PreconditionFailedException.class);
        b.put("fenced", new byte[] {6}, PutOptions.fencing(7));
    }

    @Test
    void aDeleteOfNothingStoresItsFencingToken() throws Exception {
        assertThat(a.delete("lock", DeleteOptions.defaults().withFencingToken(5)))
                .isFalse();
        assertThat(a.delete("lock", DeleteOptions.defaults().withFencingToken(5)))
                .isFalse();
        assertThat(a.delete("lock")).isFalse();

        assertThatThrownBy(() -> b.put("lock", new byte[] {1}, PutOptions.fencing(4)))
                .isInstanceOf(PreconditionFailedException.class)
                .hasMessageContaining("5");
        b.put("lock", new byte[] {1}, PutOptions.fencing(5));
    }

    @Test
    void aBucketThisNodeHasNotHeardOfIsNotSaidToBeMissing() throws Exception {
        network.isolate(nodes.get(2).id());
        nodes.get(0).cluster().createBucket("late").put("file", new byte[] {1});
        Bucket late = nodes.get(2).cluster().bucket("late");

        assertThatThrownBy(() -> late.snapshot("file", GetOptions.local()))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("cannot tell whether bucket 'late' exists");
        network.heal(nodes.get(2).id());

        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(late.snapshot("file", GetOptions.local()).stream()
                                .readAllBytes())
                        .containsExactly(1));
        assertThatThrownBy(() -> nodes.get(2).cluster().bucket("never").snapshot("file", GetOptions.local()))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("there is no bucket");
    }
}
