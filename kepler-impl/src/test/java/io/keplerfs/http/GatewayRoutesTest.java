package io.keplerfs.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.keplerfs.Consistency;
import io.keplerfs.CorruptFileException;
import io.keplerfs.IndeterminateException;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.ListOptions;
import io.keplerfs.NodeHealth;
import io.keplerfs.UnavailableException;
import io.keplerfs.http.GatewayFixture.Answer;
import io.keplerfs.values.Measure;
import io.keplerfs.values.VersionId;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import okhttp3.RequestBody;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class GatewayRoutesTest {
    private final GatewayFixture http;

    GatewayRoutesTest() throws IOException {
        http = new GatewayFixture();
    }

    @AfterEach
    void close() {
        http.close();
    }

    @Test
    void aBucketIsCreatedListedAndDeleted() throws IOException {
        Answer created = http.put("/v1/buckets/reports", "");
        assertThat(created.status()).isEqualTo(201);
        assertThat(created.json().get("name").getAsString()).isEqualTo("reports");
        assertThat(created.header("Location")).isEqualTo("/v1/files/reports");
        assertThat(http.put("/v1/buckets/reports", "").status()).isEqualTo(201);

        Answer listed = http.get("/v1/buckets");
        assertThat(listed.status()).isEqualTo(200);
        assertThat(listed.header("Content-Type")).isEqualTo("application/json");
        assertThat(listed.text())
                .isEqualTo("{\"buckets\":[{\"name\":\"box\",\"createdAt\":\"2026-03-04T05:06:07.089Z\"},"
                        + "{\"name\":\"reports\",\"createdAt\":\"2026-03-04T05:06:07.089Z\"}]}\n");

        assertThat(http.send(http.to("/v1/buckets/reports").delete()).status()).isEqualTo(204);
        Answer absent = http.send(http.to("/v1/buckets/reports").delete());
        assertThat(absent.status()).isEqualTo(404);
        assertThat(absent.detail()).contains("createBucket(\"reports\")");
    }

    @Test
    void membersAreNamedByLabelOrIdAndAForcedViewNeedsTheWord() throws IOException {
        Answer drained = http.send(http.to("/v1/cluster/members/node-b/drain").post(RequestBody.EMPTY));
        assertThat(drained.status()).isEqualTo(200);
        assertThat(drained.json().getAsJsonArray("members").get(1).toString())
                .contains("\"state\":\"draining\"", "\"leftToHandOver\":12");
        assertThat(http.send(http.to("/v1/cluster/members/node-x/evict").post(RequestBody.EMPTY))
                        .status())
                .isEqualTo(404);
        assertThat(http.send(http.to("/v1/cluster/force-view?survivors=node-a").post(RequestBody.EMPTY))
                        .status())
                .isEqualTo(400);

        assertThat(http.cluster.views.asked()).containsExactly("drain " + FakeViews.TWO);
    }

    @Test
    void aViewIsForcedOnlyByCallersOnThisMachineThatSpeakForThemselves() throws IOException {
        String force = "/v1/cluster/force-view?survivors=node-a&accept-data-loss=true";
        for (String header : List.of("X-Forwarded-For", "Forwarded", "Origin")) {
            Answer refused = http.send(http.to(force).header(header, "10.1.1.1").post(RequestBody.EMPTY));
            assertThat(refused.status()).as(header).isEqualTo(403);
            assertThat(refused.detail()).contains(header, "kepler force-view");
        }
        assertThat(http.cluster.views.asked()).isEmpty();

        assertThat(http.send(http.to(force).post(RequestBody.EMPTY)).status()).isEqualTo(200);
        assertThat(http.cluster.views.asked()).containsExactly("force " + List.of(FakeViews.ONE));
    }

    @Test
    void repairIsShownAndSteered() throws IOException {
        Answer shown = http.get("/v1/repair");
        assertThat(shown.status()).isEqualTo(200);
        assertThat(shown.json().getAsJsonArray("nodes").get(0).toString())
                .contains(
                        "\"underReplicatedChunks\":7",
                        "\"bytesLeft\":30000",
                        "{\"priority\":\"move\",\"tasks\":8,\"chunks\":8,\"bytes\":10000}",
                        "\"remainingSeconds\":30",
                        "\"lastFinishedAt\":\"2026-03-04T05:06:07.089Z\"");

        assertThat(post("/v1/repair/queue/pause?node=node-a").status()).isEqualTo(200);
        assertThat(post("/v1/repair/scrub/start").status()).isEqualTo(200);
        assertThat(post("/v1/repair/anti-entropy/resume").status()).isEqualTo(200);
        assertThat(post("/v1/repair/throttle?bytesPerSecond=7000000").status()).isEqualTo(200);
        assertThat(http.cluster.repair.orders())
                .containsExactly(
                        "pause queue " + List.of(FakeViews.ONE),
                        "start scrub []",
                        "resume anti-entropy []",
                        "throttle 7000000 []");
    }

    @Test
    void badOrdersAboutRepairAreRefusedAndSayWhatIsWrong() throws IOException {
        assertThat(post("/v1/repair/dishes/start").detail()).contains("'dishes'");
        assertThat(post("/v1/repair/queue/pause?node=node-x").status()).isEqualTo(404);
        assertThat(post("/v1/repair/queue/stop").status()).isEqualTo(404);
        assertThat(post("/v1/repair/throttle").detail()).contains("bytesPerSecond=");
        assertThat(post("/v1/repair/throttle?bytesPerSecond=fast").detail()).contains("'fast'");
        assertThat(http.get("/v1/repair/queue/pause").status()).isEqualTo(405);
        assertThat(http.cluster.repair.orders()).isEmpty();
    }

    private Answer post(String path) throws IOException {
        return http.send(http.to(path).post(RequestBody.EMPTY));
    }

    @Test
    void theChunksOfAFileAreListed() throws IOException {
        assertThat(http.get("/v1/file-chunks/box/a/b").json().getAsJsonArray("chunks"))
                .hasSize(3);
        assertThat(http.get("/v1/file-chunks/box/a?from=2&limit=5").json().getAsJsonArray("chunks"))
                .hasSize(1);
        assertThat(http.get("/v1/file-chunks/box/a?from=-1").status()).isEqualTo(400);
    }

    @Test
    void aBucketWithFilesIsNotDeleted() throws IOException {
        http.put("/v1/files/box/k", "content");

        Answer answer = http.send(http.to("/v1/buckets/box").delete());

        assertThat(answer.status()).isEqualTo(412);
        assertThat(answer.problem()).isEqualTo("precondition-failed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ab", "UPPER", "-ab", "ab-", "a_b", "a%20b", "%2e%2e%2e"})
    void aBadBucketNameIsRefusedWithTheRule(String name) throws IOException {
        Answer answer = http.put("/v1/buckets/" + name, "");

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.detail()).contains("3 to 63");
    }

    @Test
    void aListingPassesEveryParameterOn() throws IOException {
        http.put("/v1/files/box/x/1", "1");
        http.put("/v1/files/box/x/2", "22");
        http.put("/v1/files/box/x/y/3", "333");

        Answer all = http.get("/v1/files/box");
        assertThat(all.json().get("files").getAsJsonArray()).hasSize(3);
        assertThat(all.json().has("next")).isFalse();

        Answer page = http.get("/v1/files/box?prefix=x%2F&delimiter=/&after=x/1&limit=2&consistency=local");
        assertThat(page.status()).isEqualTo(200);
        assertThat(page.json().get("files").getAsJsonArray()).hasSize(1);
        assertThat(page.json().get("commonPrefixes").toString()).isEqualTo("[\"x/y/\"]");
        assertThat(http.bucket.lastList)
                .isEqualTo(new ListOptions("x/", Optional.of("/"), Optional.of("x/1"), 2, Consistency.LOCAL));

        Answer first = http.get("/v1/files/box?limit=1");
        assertThat(first.json().get("next").getAsString()).isEqualTo("x/1");
        JsonObject file = first.json().get("files").getAsJsonArray().get(0).getAsJsonObject();
        assertThat(file.keySet())
                .containsExactlyInAnyOrder(
                        "bucket", "key", "sizeBytes", "version", "contentType", "metadata", "modifiedAt");
        assertThat(file.get("modifiedAt").getAsString()).isEqualTo("2026-03-04T05:06:07.089Z");
    }

    @Test
    void aPlusInAQueryIsASpace() throws IOException {
        http.get("/v1/files/box?prefix=a+b%2Bc");

        assertThat(http.bucket.lastList).isEqualTo(ListOptions.prefix("a b+c"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/files/box?limit=0",
                "/v1/files/box?limit=1001",
                "/v1/files/box?limit=x",
                "/v1/files/box?limit=%EF%BC%95",
                "/v1/files/box?consistency=strong",
                "/v1/files/box?prefix=a&prefix=b",
                "/v1/files/box?prfix=a",
                "/v1/files/box?delimiter=",
                "/v1/files/box?prefix=%zz",
                "/v1/files/box?prefix=%ff",
                "/v1/files/box/k?verify=md5",
                "/v1/files/box/k?durability=all",
                "/v1/buckets?x=1",
                "/v1/cluster?x",
                "/v1/owners/box/k?x=1"
            })
    void aParameterThatIsNotAllowedIsRefused(String path) throws IOException {
        Answer answer = http.get(path);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.problem()).isEqualTo("invalid-request");
    }

    @Test
    void aRefusedParameterIsNamedWithItsValueAndWhatIsAllowed() throws IOException {
        assertThat(http.get("/v1/files/box?consistency=strong").detail())
                .contains("consistency", "'strong'", "quorum, local");
        assertThat(http.get("/v1/files/box?prfix=a").detail()).contains("prfix", "prefix, delimiter, after");
    }

    @Test
    void theClusterIsShownAsTheNodeSeesIt() throws IOException {
        Answer answer = http.get("/v1/cluster");

        assertThat(answer.status()).isEqualTo(200);
        String self = FakeCluster.SELF.toString();
        JsonObject expected = JsonParser.parseString("{\"self\":\"" + self + "\",\"clusterId\":\"\",\"epoch\":7,"
                        + "\"settled\":true,\"replicationFactor\":3,\"queued\":2,\"queuedCopies\":1,\"localHealth\":1}")
                .getAsJsonObject();
        JsonObject json = answer.json();
        JsonObject member = json.remove("members").getAsJsonArray().get(0).getAsJsonObject();
        assertThat(json).isEqualTo(expected);
        assertThat(member)
                .isEqualTo(JsonParser.parseString("{\"id\":\"" + self + "\",\"label\":\"a\",\"zone\":\"zone-1\","
                        + "\"weight\":1,\"address\":{\"host\":\"127.0.0.1\",\"httpPort\":3000,\"gossipPort\":4000,"
                        + "\"transferPort\":5000},\"state\":\"alive\",\"incarnation\":3,\"owner\":true,"
                        + "\"ringShare\":0.5,\"chunks\":12,\"bytesUsed\":48000}"));
    }

    @Test
    void ownersComeInTheirOrder() throws IOException {
        Answer answer = http.get("/v1/owners/box/x//y%20z");

        assertThat(answer.json().get("owners").getAsJsonArray().get(0).toString())
                .contains("\"label\":\"b\"");
        assertThat(answer.json().get("owners").getAsJsonArray().get(1).toString())
                .contains("\"label\":\"x//y z\"");
    }

    @Test
    void probesSayWhyANodeIsNotReady() throws IOException {
        assertThat(http.get("/health/live?cache=buster").status()).isEqualTo(200);
        assertThat(http.get("/health/ready").status()).isEqualTo(200);

        http.health = new NodeHealth(true, false, "waiting for a majority");
        assertThat(http.get("/health/live").status()).isEqualTo(200);
        Answer notReady = http.get("/health/ready");
        assertThat(notReady.status()).isEqualTo(503);
        assertThat(notReady.json().get("reason").getAsString()).isEqualTo("waiting for a majority");

        http.health = new NodeHealth(false, false, "disk is gone");
        assertThat(http.get("/health/live").status()).isEqualTo(503);
    }

    @Test
    void theIndexSaysWhichNodeThisIsAndWhatItKnows() throws IOException {
        Answer answer = http.get("/");

        assertThat(answer.text()).contains("1.2.3", "node-a", "/v1/files/{bucket}/{key}", "/metrics");
        assertThat(http.send(http.to("/").head()).body()).isEmpty();
    }

    @Test
    void metricsCountByRouteMethodAndStatusAndAskTheClusterOnceASecond() throws IOException {
        http.put("/v1/files/box/first", "content");
        http.put("/v1/files/box/second", "content");
        http.get("/v1/files/box/absent");
        http.get("/nowhere");
        http.get("/metrics");

        String page = http.get("/metrics").text();

        String file = "route=\"/v1/files/{bucket}/{key}\"";
        assertThat(page)
                .contains("kepler_http_requests_total{" + file + ",method=\"PUT\",status=\"200\"} 2\n")
                .contains("kepler_http_requests_total{" + file + ",method=\"GET\",status=\"404\"} 1\n")
                .contains("kepler_http_requests_total{route=\"none\",method=\"other\",status=\"404\"} 1\n")
                .contains("kepler_http_requests_in_flight 1\n")
                .contains("kepler_members{state=\"suspect\"} 1\n")
                .contains("kepler_view_epoch 7\n")
                .contains("kepler_replication_queue 2\n")
                .contains("kepler_member_round_trip_seconds{id=\"" + FakeCluster.OTHER + "\"} 0.0015\n")
                .contains("kepler_member_used_bytes{id=\"" + FakeCluster.SELF + "\"} 48000\n")
                .doesNotContain("first", "kepler_member_used_bytes{id=\"" + FakeCluster.OTHER);
        assertThat(page).containsPattern("kepler_jvm_heap_used_bytes \\d+\n");
        assertThat(page).containsPattern("kepler_http_sent_bytes_total [1-9]\\d+\n");
        assertThat(http.cluster.statusCalls.get()).isLessThanOrEqualTo(2);
    }

    @Test
    void metricsOfOtherPartsStandUnderOneHeadEach() throws IOException {
        http.measures = List.of(
                Measure.counter("kepler_test_drops_total", "what was dropped", "reason=\"a\"", 3),
                Measure.counter("kepler_test_drops_total", "what was dropped", "reason=\"b\"", 0),
                Measure.gauge("kepler_test_load", "how much", "", 0.25));

        assertThat(http.get("/metrics").text())
                .contains("# HELP kepler_test_drops_total what was dropped\n# TYPE kepler_test_drops_total counter\n"
                        + "kepler_test_drops_total{reason=\"a\"} 3\nkepler_test_drops_total{reason=\"b\"} 0\n"
                        + "# HELP kepler_test_load how much\n# TYPE kepler_test_load gauge\nkepler_test_load 0.25\n");
    }

    @Test
    void metricsAreServedThoughTheClusterFails() throws IOException {
        http.cluster.failNext(new UnavailableException("nobody answers"));

        Answer answer = http.get("/metrics");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text()).contains("kepler_cluster_status_up 0\n").doesNotContain("kepler_view_epoch");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1", "/v1/", "/v2/files/b/k", "/v1/buckets/box/c", "/v1/owners/box", "/index.html"})
    void anUnknownPathIsNoRoute(String path) throws IOException {
        Answer answer = http.get(path);

        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.problem()).isEqualTo("no-such-route");
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    }

    @Test
    void aWrongMethodIsAnsweredWithTheAllowedOnes() throws IOException {
        Answer answer = http.send(http.to("/v1/files/box/k").post(GatewayFixture.body(new byte[3])));

        assertThat(answer.status()).isEqualTo(405);
        assertThat(answer.header("Allow")).isEqualTo("HEAD, GET, PUT, DELETE");
        assertThat(http.send(http.to("/v1/buckets/box").get()).header("Allow")).isEqualTo("PUT, DELETE");
    }

    @Test
    void everyOutcomeHasItsStatus() throws IOException {
        http.cluster.failNext(new InvalidRequestException("limit"));
        assertThat(http.get("/v1/cluster").status()).isEqualTo(400);

        http.cluster.failNext(new IllegalArgumentException("no such thing"));
        assertThat(http.get("/v1/cluster").status()).isEqualTo(400);

        http.cluster.failNext(new CorruptFileException("chunk 3: 2 copies, none is sound"));
        Answer corrupt = http.get("/v1/files/box/k");
        assertThat(corrupt.status()).isEqualTo(500);
        assertThat(corrupt.problem()).isEqualTo("corrupt");
        assertThat(corrupt.detail()).isEqualTo("chunk 3: 2 copies, none is sound");

        http.cluster.failNext(new UnavailableException("1 of 3", Duration.ofMillis(2500), null));
        Answer unavailable = http.get("/v1/files/box/k");
        assertThat(unavailable.status()).isEqualTo(503);
        assertThat(unavailable.header("Retry-After")).isEqualTo("3");

        http.cluster.failNext(new UnavailableException("1 of 3", Duration.ZERO, null));
        assertThat(http.get("/v1/files/box/k").header("Retry-After")).isEqualTo("1");

        http.cluster.failNext(UnavailableException.noSpace("1 of 2 disks has room", null));
        Answer full = http.put("/v1/files/box/k", "content");
        assertThat(full.status()).isEqualTo(507);
        assertThat(full.problem()).isEqualTo("no-space");
        assertThat(full.header("Retry-After")).isEqualTo("30");

        VersionId version = VersionId.parse("0123456789abcdef0123456789abcdef");
        http.cluster.failNext(new IndeterminateException("sent, 1 of 2 acks", version));
        Answer maybe = http.put("/v1/files/box/k", "content");
        assertThat(maybe.status()).isEqualTo(504);
        assertThat(maybe.header("X-Kepler-Version-Id")).isEqualTo(version.toString());
        assertThat(maybe.json().get("versionId").getAsString()).isEqualTo(version.toString());
    }

    @Test
    void anUnexpectedFailureShowsOnlyAnIdThatIsAlsoInTheLog() throws IOException {
        Logger logger = (Logger) LoggerFactory.getLogger(Failures.class);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.addAppender(log);
        try {
            http.cluster.failNext(new IllegalStateException("secret inner detail"));

            Answer answer = http.get("/v1/cluster");

            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.problem()).isEqualTo("internal");
            assertThat(answer.text()).doesNotContain("secret", "Exception", "at io.");
            String id = answer.json().get("correlationId").getAsString();
            assertThat(log.list).singleElement().satisfies(event -> {
                assertThat(event.getLevel()).isEqualTo(Level.ERROR);
                assertThat(event.getFormattedMessage()).contains(id, "GET /v1/cluster");
                assertThat(event.getThrowableProxy().getMessage()).isEqualTo("secret inner detail");
            });
        } finally {
            logger.detachAppender(log);
        }
    }
}
