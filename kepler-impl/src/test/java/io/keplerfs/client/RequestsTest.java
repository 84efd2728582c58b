package io.keplerfs.client;

import static io.keplerfs.client.GatewaysOnLoopback.ETAG;
import static io.keplerfs.client.GatewaysOnLoopback.head;
import static io.keplerfs.client.GatewaysOnLoopback.request;
import static io.keplerfs.client.GatewaysOnLoopback.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.BucketInfo;
import io.keplerfs.ClusterStatus;
import io.keplerfs.Consistency;
import io.keplerfs.Credentials;
import io.keplerfs.DeleteOptions;
import io.keplerfs.Durability;
import io.keplerfs.FileInfo;
import io.keplerfs.GetOptions;
import io.keplerfs.ListOptions;
import io.keplerfs.ListPage;
import io.keplerfs.Member;
import io.keplerfs.PutOptions;
import io.keplerfs.Receipt;
import io.keplerfs.values.Contact;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What goes over the wire for each call, and what its answer becomes. */
class RequestsTest {
    private static final NodeId ONE = NodeId.parse("00000000-0000-0000-0000-000000000001");
    private static final NodeId TWO = NodeId.parse("00000000-0000-0000-0000-000000000002");
    private static final String MEMBER = "{\"id\":\"" + ONE + "\",\"label\":\"node-a\",\"zone\":\"z\",\"weight\":2,"
            + "\"address\":{\"host\":\"h\",\"httpPort\":1,\"gossipPort\":2,\"transferPort\":3},\"state\":\"suspect\","
            + "\"incarnation\":4,\"owner\":true,\"ringShare\":0.5,\"chunks\":6,\"bytesUsed\":7,"
            + "\"contact\":{\"sinceHeardMillis\":420,\"roundTripMicros\":1500}}";
    private static final Member A = new Member(
            ONE,
            "node-a",
            "z",
            2,
            new NodeAddress("h", 1, 2, 3),
            MemberState.SUSPECT,
            4,
            true,
            0.5,
            6,
            7,
            Optional.of(new Contact(Duration.ofMillis(420), Optional.of(Duration.ofNanos(1_500_000)))));

    private final GatewaysOnLoopback gateways = new GatewaysOnLoopback(1, new Credentials("s3cret"));

    @AfterEach
    void close() {
        gateways.close();
    }

    @Test
    void aPutCarriesItsOptionsAndComesBackWithAReceipt() throws Exception {
        gateways.a().enqueue(stored().build());
        PutOptions options = PutOptions.builder()
                .durability(Durability.ALL)
                .ifMatch("abc")
                .fencingToken(9)
                .contentType("text/plain")
                .metadata("Author", "Ada ü")
                .timeout(Duration.ofSeconds(3))
                .build();

        FileInfo info = gateways.reports().put("a b/q3", "hello".getBytes(), options);

        RecordedRequest put = request(gateways.a());
        assertThat(put.getRequestLine()).isEqualTo("PUT /v1/files/reports/a%20b/q3?durability=all HTTP/1.1");
        assertThat(put.getBody().utf8()).isEqualTo("hello");
        assertThat(put.getHeaders().toMultimap())
                .containsEntry("if-match", List.of("\"abc\""))
                .containsEntry("x-kepler-fencing-token", List.of("9"))
                .containsEntry("content-type", List.of("text/plain"))
                .containsEntry("x-kepler-meta-author", List.of("Ada %C3%BC"))
                .containsEntry("x-kepler-timeout-millis", List.of("3000"))
                .containsEntry("authorization", List.of("Bearer s3cret"))
                .containsEntry("content-length", List.of("5"))
                .doesNotContainKeys("expect", "if-none-match");
        assertThat(info.receipt()).contains(new Receipt(Durability.QUORUM, 2, List.of(ONE, TWO), List.of(TWO)));
        assertThat(info.etag()).isEqualTo(ETAG);
    }

    @Test
    void everyPutHasAVersionIdOfItsOwn() throws Exception {
        gateways.a().enqueue(stored().build());
        gateways.a().enqueue(stored().build());

        gateways.reports().put("q3", new byte[1], PutOptions.ifAbsent());
        gateways.reports().put("q3", new byte[1]);

        RecordedRequest first = request(gateways.a());
        VersionId one = VersionId.parse(first.getHeaders().get("X-Kepler-Version-Id"));
        VersionId other = VersionId.parse(request(gateways.a()).getHeaders().get("X-Kepler-Version-Id"));
        assertThat(one).isNotEqualTo(other);
        assertThat(one.uuid().version()).isEqualTo(4);
        assertThat(first.getHeaders().get("If-None-Match")).isEqualTo("*");
    }

    @Test
    void aHeadIsAWholeFileInfo() throws Exception {
        gateways.a()
                .enqueue(head(5).addHeader("X-Kepler-Meta-na%C3%AFve", "100%25").build());

        FileInfo info = gateways.reports().head("..", GetOptions.local().withVerifySha256());

        assertThat(info)
                .isEqualTo(new FileInfo(
                        "reports",
                        "..",
                        5,
                        VersionId.parse(ETAG),
                        "text/plain",
                        Map.of("naïve", "100%"),
                        Instant.parse("2026-01-02T03:04:05.678Z"),
                        Optional.empty()));
        assertThat(request(gateways.a()).getRequestLine())
                .isEqualTo("HEAD /v1/files/reports/?key=..&consistency=local&verify=sha256 HTTP/1.1");
    }

    @Test
    void aDeleteSaysWhetherThereWasAFile() throws Exception {
        gateways.a()
                .enqueue(new MockResponse.Builder()
                        .code(204)
                        .addHeader("X-Kepler-Deleted", true)
                        .build());
        gateways.a()
                .enqueue(new MockResponse.Builder()
                        .code(204)
                        .addHeader("X-Kepler-Deleted", false)
                        .build());

        assertThat(gateways.reports().delete("q3", DeleteOptions.defaults().withFencingToken(3)))
                .isTrue();
        assertThat(gateways.reports().delete("q3")).isFalse();

        RecordedRequest delete = request(gateways.a());
        assertThat(delete.getRequestLine()).isEqualTo("DELETE /v1/files/reports/q3?durability=quorum HTTP/1.1");
        assertThat(delete.getHeaders().get("X-Kepler-Fencing-Token")).isEqualTo("3");
    }

    @Test
    void aPageIsAskedForAndRead() throws Exception {
        gateways.a()
                .enqueue(new MockResponse.Builder()
                        .body("{\"files\":[{\"bucket\":\"reports\",\"key\":\"q3\",\"sizeBytes\":5,\"version\":\"" + ETAG
                                + "\",\"contentType\":\"text/plain\",\"metadata\":{\"a\":\"b\"},"
                                + "\"modifiedAt\":\"2026-01-02T03:04:05.678Z\",\"new\":1}],"
                                + "\"commonPrefixes\":[\"2026/\"],\"next\":\"q3\"}")
                        .build());

        ListPage page = gateways.reports()
                .list(ListOptions.prefix("a&b+c d")
                        .withDelimiter("/")
                        .withAfter("ü")
                        .withLimit(7)
                        .withConsistency(Consistency.LOCAL));

        assertThat(page.files()).extracting(FileInfo::key).containsExactly("q3");
        assertThat(page.files().get(0).metadata()).containsEntry("a", "b");
        assertThat(page.commonPrefixes()).containsExactly("2026/");
        assertThat(page.next()).contains("q3");
        assertThat(request(gateways.a()).getTarget())
                .isEqualTo(
                        "/v1/files/reports?prefix=a%26b%2Bc%20d&delimiter=%2F&after=%C3%BC&limit=7&consistency=local");
    }

    @Test
    void bucketsAreMadeListedAndDropped() throws Exception {
        gateways.a()
                .enqueue(new MockResponse.Builder()
                        .code(201)
                        .body("{\"name\":\"reports\"}")
                        .build());
        gateways.a()
                .enqueue(new MockResponse.Builder()
                        .body("{\"buckets\":[{\"name\":\"reports\",\"createdAt\":\"2026-01-02T03:04:05.678Z\"}]}")
                        .build());
        gateways.a().enqueue(new MockResponse.Builder().code(204).build());

        assertThat(gateways.cluster.createBucket("reports").name()).isEqualTo("reports");
        assertThat(gateways.cluster.buckets())
                .containsExactly(new BucketInfo("reports", Instant.parse("2026-01-02T03:04:05.678Z")));
        gateways.cluster.deleteBucket("reports");

        assertThat(request(gateways.a()).getRequestLine()).isEqualTo("PUT /v1/buckets/reports HTTP/1.1");
        assertThat(request(gateways.a()).getRequestLine()).isEqualTo("GET /v1/buckets HTTP/1.1");
        assertThat(request(gateways.a()).getRequestLine()).isEqualTo("DELETE /v1/buckets/reports HTTP/1.1");
    }

    @Test
    void statusAndOwnersAreRead() throws Exception {
        gateways.a()
                .enqueue(new MockResponse.Builder()
                        .body("{\"self\":\"" + TWO + "\",\"clusterId\":\"\",\"epoch\":7,\"settled\":false,"
                                + "\"replicationFactor\":3,\"queued\":5,\"queuedCopies\":4,\"localHealth\":2,\"members\":["
                                + MEMBER
                                + "]}")
                        .build());
        gateways.a()
                .enqueue(new MockResponse.Builder()
                        .body("{\"owners\":[" + MEMBER + "]}")
                        .build());

        assertThat(gateways.cluster.status()).isEqualTo(new ClusterStatus(TWO, "", 7, false, 3, 5, 4, 2, List.of(A)));
        assertThat(gateways.cluster.ringOwners("reports", "a/../b")).containsExactly(A);

        request(gateways.a());
        assertThat(request(gateways.a()).getTarget()).isEqualTo("/v1/owners/reports/a%2F..%2Fb");
    }

    @Test
    void aTokenThatNoHeaderCanCarryIsRefusedWithoutPrintingIt() {
        assertThatThrownBy(() -> new Asks(new Credentials("se\ncret"), new GatewayTime(() -> 0), new Random(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .doesNotContain("cret");
    }
}
