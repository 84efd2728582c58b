package io.keplerfs.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keplerfs.Bucket;
import io.keplerfs.Conflict;
import io.keplerfs.ConflictPage;
import io.keplerfs.Conflicts;
import io.keplerfs.Consistency;
import io.keplerfs.CorruptFileException;
import io.keplerfs.Credentials;
import io.keplerfs.DeleteOptions;
import io.keplerfs.Durability;
import io.keplerfs.FileInfo;
import io.keplerfs.FileSnapshot;
import io.keplerfs.GetOptions;
import io.keplerfs.IndeterminateException;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.KeplerCluster;
import io.keplerfs.ListOptions;
import io.keplerfs.NotFoundException;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.PutOptions;
import io.keplerfs.UnavailableException;
import io.keplerfs.ViewStatus;
import io.keplerfs.client.RemoteCluster;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The gateway and the client of this project, against each other: what goes in at one end comes out at the other. */
class RemoteClientTest {
    private final GatewayFixture fixture = new GatewayFixture();
    private final KeplerCluster remote = RemoteCluster.connect(
            List.of(URI.create("http://127.0.0.1:" + fixture.gateway.port())),
            Credentials.NONE,
            work -> {
                Thread thread = new Thread(work, "kepler-client");
                thread.setDaemon(true);
                return thread;
            },
            System::nanoTime,
            new Random(5));
    private final Bucket box = remote.bucket("box");
    private final byte[] content = new byte[3 << 20];

    RemoteClientTest() throws IOException {
        new Random(6).nextBytes(content);
    }

    @AfterEach
    void close() {
        remote.close();
        fixture.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2026/q3.pdf",
                "a/..",
                "../a",
                "a/../b",
                "a/./b",
                "./",
                "/..",
                "...",
                "a//b",
                "/a",
                "a/",
                "/",
                "//",
                "%2F",
                "%2e%2e",
                "%",
                "+",
                "a b",
                " ",
                "?",
                "#",
                "a?b=c&d#e",
                "ü/€/𝄞",
                "\\",
                "\u0000\n\t",
                ";:@&=$,'\"<>",
                ".",
                ".."
            })
    void everyKeyArrivesExactly(String key) throws Exception {
        box.put(key, new byte[] {7});
        assertThat(fixture.bucket.files).containsOnlyKeys(key);
        assertThat(box.head(key).key()).isEqualTo(key);
        assertThat(box.list(key)).extracting(FileInfo::key).containsExactly(key);
        try (InputStream in = box.open(key)) {
            assertThat(in.readAllBytes()).containsExactly(7);
        }
        assertThat(remote.ringOwners("box", key).get(1).label()).isEqualTo(key);
        assertThat(box.delete(key)).isTrue();
        assertThat(box.delete(key)).isFalse();
    }

    @Test
    void theViewIsShownAndChangedThroughTheClient() throws Exception {
        ViewStatus view = remote.views().status();
        assertThat(view).isEqualTo(fixture.cluster.views.status());

        remote.views().drain(FakeViews.ONE);
        remote.views().cancelDrain(FakeViews.GONE);
        remote.views().evict(FakeViews.TWO);
        remote.views().force(List.of(FakeViews.ONE, FakeViews.TWO));

        assertThat(fixture.cluster.views.asked())
                .containsExactly(
                        "drain " + FakeViews.ONE,
                        "cancel " + FakeViews.GONE,
                        "evict " + FakeViews.TWO,
                        "force " + List.of(FakeViews.ONE, FakeViews.TWO));
        assertThatThrownBy(() -> remote.views().evict(new NodeId(new UUID(7, 7))))
                .isInstanceOf(NotFoundException.class);
    }

    @Test
    void repairIsShownAndSteeredThroughTheClient() throws Exception {
        assertThat(remote.repair().status()).isEqualTo(FakeRepair.REPORT);

        remote.repair().start("scrub");
        remote.repair().pause("queue", FakeViews.ONE, FakeViews.TWO);
        remote.repair().resume("queue");
        remote.repair().throttle(1_000_000, FakeViews.TWO);

        assertThat(fixture.cluster.repair.orders())
                .containsExactly(
                        "start scrub []",
                        "pause queue " + List.of(FakeViews.ONE, FakeViews.TWO),
                        "resume queue []",
                        "throttle 1000000 " + List.of(FakeViews.TWO));
        assertThatThrownBy(() -> remote.repair().start("dis/hes")).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> remote.repair().start("..")).isInstanceOf(InvalidRequestException.class);
    }

    @Test
    void theChunksOfAFileAreNamedThroughTheClient() throws Exception {
        assertThat(remote.chunks("photos", "a b", 1, 10))
                .isEqualTo(fixture.cluster.chunksAsync("photos", "a b", 1, 10).join())
                .hasSize(2);
    }

    @Test
    void aFileComesBackAsItWasPut() throws Exception {
        VersionId version = VersionId.parse("0123456789abcdef0123456789abcdef");
        PutOptions options = PutOptions.builder()
                .version(version)
                .contentType("text/plain; charset=utf-8")
                .metadata("Auth%or: ü", " Ada 100% ")
                .fencingToken(4)
                .durability(Durability.ALL)
                .timeout(Duration.ofSeconds(7))
                .build();

        FileInfo put = box.put("q3", new ByteArrayInputStream(content), options);

        assertThat(put.receipt())
                .get()
                .extracting(receipt -> receipt.durability())
                .isEqualTo(Durability.ALL);
        FileInfo head = box.head("q3", GetOptions.local().withVerifySha256().withTimeout(Duration.ofSeconds(8)));
        assertThat(head).isEqualTo(put.withReceipt(null));
        assertThat(head.version()).isEqualTo(version);
        assertThat(head.metadata()).containsEntry("auth%or: ü", " Ada 100% ").hasSize(1);
        assertThat(head.sizeBytes()).isEqualTo(content.length);
        assertThat(fixture.bucket.files.get("q3").content()).isEqualTo(content);
        assertThat(fixture.bucket.lastPut).returns(Duration.ofSeconds(7), PutOptions::timeout);
        assertThat(fixture.bucket.lastGet)
                .isEqualTo(GetOptions.local().withVerifySha256().withTimeout(Duration.ofSeconds(8)));
    }

    @Test
    void rangesAreExact() throws Exception {
        box.put("q3", content);
        FileSnapshot snapshot = box.snapshot("q3", GetOptions.defaults());

        for (int[] range :
                new int[][] {{0, 1}, {0, content.length}, {content.length - 1, 1}, {70_000, 1_000_000}, {5, 0}}) {
            try (InputStream in = snapshot.stream(range[0], range[1])) {
                assertThat(in.readAllBytes()).isEqualTo(Arrays.copyOfRange(content, range[0], range[0] + range[1]));
            }
        }
    }

    @Test
    void anEmptyFileIsEmpty() throws Exception {
        box.put("q3", InputStream.nullInputStream());

        assertThat(box.head("q3").sizeBytes()).isZero();
        try (InputStream in = box.open("q3")) {
            assertThat(in.read()).isEqualTo(-1);
        }
    }

    @Test
    void aDownloadThatTheGatewayCutsOffGoesOnWhereItStopped() throws Exception {
        box.put("q3", content);
        AtomicBoolean torn = new AtomicBoolean();
        fixture.bucket.reading = in -> torn.getAndSet(true) ? in : tearing(in, 1_000_000);

        try (InputStream in = box.open("q3")) {
            assertThat(in.readAllBytes()).isEqualTo(content);
        }
        assertThat(torn).isTrue();
    }

    @Test
    void aStreamOfAVersionThatWasOverwrittenIsUnavailable() throws Exception {
        box.put("q3", content);
        FileSnapshot snapshot = box.snapshot("q3", GetOptions.defaults());
        box.put("q3", content);

        assertThatThrownBy(() -> snapshot.stream().read())
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("no longer served");
    }

    @Test
    void anUploadWhoseStreamThrowsLeavesNothingBehind() {
        IOException own = new IOException("the tape tore");
        InputStream source = new FilterInputStream(new ByteArrayInputStream(content)) {
            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                int count = super.read(target, offset, length);
                if (count < 0) {
                    throw own;
                }
                return count;
            }
        };

        assertThatThrownBy(() -> box.put("q3", source)).isSameAs(own);

        await().until(() -> !fixture.bucket.brokenUploads.isEmpty());
        assertThat(fixture.bucket.files).isEmpty();
    }

    @Test
    void conditionsAreKept() throws Exception {
        FileInfo first = box.put("q3", content, PutOptions.ifAbsent());

        assertThatThrownBy(() -> box.put("q3", new ByteArrayInputStream(content), PutOptions.ifAbsent()))
                .isInstanceOf(PreconditionFailedException.class)
                .hasMessageContaining("q3 exists");
        FileInfo second = box.put("q3", content, PutOptions.ifMatch(first.etag()));
        assertThatThrownBy(() -> box.delete("q3", DeleteOptions.defaults().withIfMatch(first.etag())))
                .isInstanceOf(PreconditionFailedException.class);
        assertThat(box.delete("q3", DeleteOptions.defaults().withIfMatch(second.etag())))
                .isTrue();
    }

    @Test
    void aRefusedTokenNamesTheStoredOne() throws Exception {
        box.put("q3", new byte[1], PutOptions.fencing(41));

        assertThatThrownBy(() -> box.put("q3", new byte[1], PutOptions.fencing(40)))
                .isInstanceOfSatisfying(
                        PreconditionFailedException.class,
                        refused -> assertThat(refused.storedToken()).hasValue(41));
    }

    @Test
    void conflictsAreListedReadAndDropped() throws Exception {
        FileInfo winner = box.put("a/..", content);
        VersionId version = VersionId.parse("0123456789abcdef0123456789abcdef");
        FileInfo loser = new FileInfo(
                "box",
                "a/..",
                content.length,
                version,
                "text/plain",
                winner.metadata(),
                winner.modifiedAt(),
                Optional.empty());
        fixture.bucket.addConflict(loser, content);
        Conflicts conflicts = box.conflicts();

        ConflictPage page =
                conflicts.list(ListOptions.prefix("a/").withAfter("a/x").withLimit(7));
        assertThat(page.conflicts()).singleElement().isEqualTo(new Conflict(loser, version, Instant.EPOCH));
        assertThat(page.next()).contains("a/b/1");
        assertThat(fixture.bucket.lastList)
                .isEqualTo(ListOptions.prefix("a/").withAfter("a/x").withLimit(7));

        FileSnapshot snapshot = conflicts.snapshot("a/..", version, GetOptions.defaults());
        assertThat(snapshot.info()).isEqualTo(loser);
        assertThat(snapshot.stream().readAllBytes()).isEqualTo(content);
        assertThat(snapshot.stream(5, 7).readAllBytes()).isEqualTo(Arrays.copyOfRange(content, 5, 12));
        assertThatThrownBy(() -> conflicts.snapshot("other", version, GetOptions.defaults()))
                .isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> conflicts.list(ListOptions.prefix("").withDelimiter("/")))
                .isInstanceOf(InvalidRequestException.class);
        assertThat(conflicts.drop("a/..", version)).isTrue();
        assertThat(conflicts.drop("a/..", version)).isFalse();
    }

    @Test
    void failuresKeepTheirTypeAndWords() {
        VersionId version = VersionId.parse("0123456789abcdef0123456789abcdef");
        fixture.cluster.failNext(new IndeterminateException("1 of 2 acks", version));
        assertThatThrownBy(() -> box.put("q3", new byte[5]))
                .hasMessageContaining("1 of 2 acks")
                .asInstanceOf(InstanceOfAssertFactories.type(IndeterminateException.class))
                .returns(version, IndeterminateException::version);
        fixture.cluster.failNext(new UnavailableException("no quorum", Duration.ofSeconds(9), null));
        assertThatThrownBy(() -> box.put("q3", new byte[5]))
                .hasMessageContaining("no quorum")
                .asInstanceOf(InstanceOfAssertFactories.type(UnavailableException.class))
                .returns(Duration.ofSeconds(9), UnavailableException::retryAfter);
        fixture.cluster.failNext(new CorruptFileException("every copy is broken"));
        assertThatThrownBy(() -> box.open("q3")).isInstanceOf(CorruptFileException.class);
        fixture.cluster.failNext(new InvalidRequestException("not so"));
        assertThatThrownBy(() -> box.list(ListOptions.prefix(""))).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> box.head("nothing")).isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> remote.bucket("nothing").put("q3", new byte[5]))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("createBucket");
    }

    @Test
    void bucketsStatusAndPagesComeThrough() throws Exception {
        Bucket more = remote.createBucket("more");
        for (int i = 0; i < 25; i++) {
            more.put("f/" + (char) ('a' + i), new byte[1]);
        }
        more.put("g", new byte[1]);

        assertThat(remote.buckets()).extracting(bucket -> bucket.name()).containsExactly("box", "more");
        assertThat(more.iterate(ListOptions.prefix("f/").withLimit(4).withConsistency(Consistency.LOCAL)))
                .toIterable()
                .hasSize(25);
        assertThat(more.list(ListOptions.prefix("").withDelimiter("/")).commonPrefixes())
                .containsExactly("f/");
        assertThat(remote.status()).isEqualTo(fixture.cluster.status());
        assertThatThrownBy(() -> remote.deleteBucket("more")).isInstanceOf(PreconditionFailedException.class);
        remote.deleteBucket("box");
        assertThat(remote.buckets()).hasSize(1);
    }

    private static InputStream tearing(InputStream whole, int afterBytes) {
        return new FilterInputStream(whole) {
            private int left = afterBytes;

            @Override
            public int read() throws IOException {
                byte[] single = new byte[1];
                return read(single, 0, 1) < 0 ? -1 : single[0] & 0xFF;
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                if (left == 0) {
                    throw new UnavailableException("the owner of chunk 1 went away");
                }
                int count = super.read(target, offset, Math.min(length, left));
                left -= Math.max(count, 0);
                return count;
            }
        };
    }
}
