package io.keplerfs.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.keplerfs.Durability;
import io.keplerfs.PutOptions;
import io.keplerfs.http.GatewayFixture.Answer;
import io.keplerfs.values.VersionId;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import okhttp3.MediaType;
import okhttp3.RequestBody;
import okio.BufferedSink;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FileWriteTest {
    private final GatewayFixture http;

    FileWriteTest() throws IOException {
        http = new GatewayFixture();
    }

    @AfterEach
    void close() {
        http.close();
    }

    @Test
    void aPutAnswersWithTheFileAndItsReceipt() throws IOException {
        Answer answer = http.put("/v1/files/box/2026/q3.pdf", "content");

        assertThat(answer.status()).isEqualTo(200);
        JsonObject json = answer.json();
        assertThat(answer.header("ETag")).isEqualTo('"' + json.get("version").getAsString() + '"');
        assertThat(json.get("key").getAsString()).isEqualTo("2026/q3.pdf");
        assertThat(json.get("sizeBytes").getAsLong()).isEqualTo(7);
        assertThat(json.get("receipt").toString())
                .isEqualTo("{\"durability\":\"quorum\",\"fsyncedCopies\":1,\"owners\":[\"" + FakeCluster.SELF + "\",\""
                        + FakeCluster.OTHER + "\"],\"pending\":[\"" + FakeCluster.OTHER + "\"]}");
        assertThat(stored("2026/q3.pdf")).isEqualTo("content");
    }

    @Test
    void everyOptionReachesTheCluster() throws IOException {
        http.send(http.to("/v1/files/box/k?durability=all")
                .header("X-Kepler-Fencing-Token", "9")
                .header("X-Kepler-Version-Id", "0123456789abcdef0123456789abcdef")
                .header("X-Kepler-Timeout-Millis", "1500")
                .header("Content-Type", "text/plain; charset=utf-8")
                .header("X-Kepler-Meta-Author", "ada")
                .header("X-Kepler-Meta-t%C3%AFtle", "50%25 na%C3%AFve")
                .put(GatewayFixture.body("x".getBytes())));

        PutOptions options = Objects.requireNonNull(http.bucket.lastPut);
        assertThat(options.durability()).isEqualTo(Durability.ALL);
        assertThat(options.fencingToken()).hasValue(9);
        assertThat(options.version()).contains(VersionId.parse("0123456789abcdef0123456789abcdef"));
        assertThat(options.repeats()).isTrue();
        assertThat(options.timeout()).isEqualTo(Duration.ofMillis(1500));
        assertThat(options.contentType()).isEqualTo("text/plain; charset=utf-8");
        assertThat(options.metadata()).isEqualTo(Map.of("author", "ada", "tïtle", "50% naïve"));
    }

    @Test
    void onlyTheFirstOfTwoCreationsWins() throws IOException {
        var creation = http.to("/v1/files/box/k").header("If-None-Match", "*").put(GatewayFixture.body(new byte[1]));

        assertThat(http.send(creation).status()).isEqualTo(201);
        assertThat(http.send(creation).status()).isEqualTo(412);
    }

    @Test
    void aPutAndADeleteWithAnEtagChangeOnlyThatVersion() throws IOException {
        String first = http.put("/v1/files/box/k", "1").header("ETag");
        var replace = http.to("/v1/files/box/k").header("If-Match", first);

        assertThat(http.send(replace.put(GatewayFixture.body("2".getBytes()))).status())
                .isEqualTo(200);
        assertThat(http.send(replace.put(GatewayFixture.body("3".getBytes()))).status())
                .isEqualTo(412);
        assertThat(http.send(replace.delete()).status()).isEqualTo(412);
        assertThat(stored("k")).isEqualTo("2");
    }

    @Test
    void aDeleteSaysWhetherThereWasAFileAndSucceedsEitherWay() throws IOException {
        http.put("/v1/files/box/k", "1");

        Answer there = http.send(http.to("/v1/files/box/k?durability=fast")
                .header("X-Kepler-Fencing-Token", "3")
                .delete());
        Answer gone = http.send(http.to("/v1/files/box/k").delete());

        assertThat(there.status()).isEqualTo(204);
        assertThat(there.header("X-Kepler-Deleted")).isEqualTo("true");
        assertThat(gone.status()).isEqualTo(204);
        assertThat(gone.header("X-Kepler-Deleted")).isEqualTo("false");
    }

    @Test
    void anOlderFencingTokenIsRefused() throws IOException {
        http.send(
                http.to("/v1/files/box/k").header("X-Kepler-Fencing-Token", "9").put(GatewayFixture.body(new byte[1])));

        Answer late = http.send(
                http.to("/v1/files/box/k").header("X-Kepler-Fencing-Token", "8").put(GatewayFixture.body(new byte[1])));

        assertThat(late.status()).isEqualTo(412);
        assertThat(late.header("X-Kepler-Fencing-Token")).isEqualTo("9");
    }

    @Test
    void aFencingTokenGoesTogetherWithEitherConditionAndWithADelete() throws IOException {
        Answer first = http.send(http.to("/v1/files/box/k")
                .header("X-Kepler-Fencing-Token", "9")
                .header("If-None-Match", "*")
                .put(GatewayFixture.body(new byte[1])));
        assertThat(first.status()).isEqualTo(201);
        for (String token : new String[] {"8", "-1", "x"}) {
            Answer refused = http.send(http.to("/v1/files/box/k")
                    .header("X-Kepler-Fencing-Token", token)
                    .header("If-Match", first.header("ETag"))
                    .put(GatewayFixture.body(new byte[1])));
            assertThat(refused.status()).isEqualTo(token.equals("8") ? 412 : 400);
        }

        Answer late = http.send(
                http.to("/v1/files/box/k").header("X-Kepler-Fencing-Token", "8").delete());
        assertThat(late.status()).isEqualTo(412);
        Answer deleted = http.send(http.to("/v1/files/box/k")
                .header("X-Kepler-Fencing-Token", "9")
                .header("If-Match", first.header("ETag"))
                .delete());
        assertThat(deleted.status()).isEqualTo(204);
    }

    @Test
    void aMissingBucketIsNotMadeByAPut() throws IOException {
        Answer small = http.put("/v1/files/missing/k", "content");
        Answer large = http.put("/v1/files/missing/k", new byte[1 << 20]);

        assertThat(small.status()).isEqualTo(404);
        assertThat(small.detail()).contains("createBucket(\"missing\")");
        assertThat(large.status()).isEqualTo(404);
        assertThat(http.cluster.buckets).containsOnlyKeys("box");
    }

    @Test
    void aFileOfUnknownLengthIsStreamedIn() throws IOException {
        Answer answer = http.send(http.to("/v1/files/box/k").put(new RequestBody() {
            @Override
            public MediaType contentType() {
                return MediaType.get("text/csv");
            }

            @Override
            public void writeTo(BufferedSink sink) throws IOException {
                for (int i = 0; i < 100; i++) {
                    sink.writeUtf8("line " + i + "\n");
                    sink.flush();
                }
            }
        }));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(stored("k")).startsWith("line 0\n").endsWith("line 99\n");
        assertThat(Objects.requireNonNull(http.bucket.lastPut).contentType()).isEqualTo("text/csv");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65535, 65536, 65537, 262144, 262145, 3_000_000})
    void everySizeComesBackAsItWas(int size) throws IOException {
        byte[] content = new byte[size];
        new java.util.Random(size).nextBytes(content);

        assertThat(http.put("/v1/files/box/k", content).status()).isEqualTo(200);

        Answer back = http.get("/v1/files/box/k");
        assertThat(back.body()).isEqualTo(content);
        assertThat(back.header("Content-Length")).isEqualTo(Integer.toString(size));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "If-None-Match | \"abc\" | 400",
                "If-Match | * | 400",
                "If-Match | \"a\", \"b\" | 400",
                "If-Match | unquoted | 400",
                "If-Match | W/\"a\" | 412",
                "X-Kepler-Fencing-Token | -1 | 400",
                "X-Kepler-Fencing-Token | 99999999999999999999 | 400",
                "X-Kepler-Version-Id | xyz | 400",
                "X-Kepler-First-Attempt | maybe | 400",
                "X-Kepler-First-Attempt | true | 400",
                "X-Kepler-Timeout-Millis | 0 | 400",
                "X-Kepler-Meta-a | 50% | 400",
                "X-Kepler-Meta- | x | 400",
                "Content-Encoding | gzip | 415",
                "Content-Range | bytes 0-1/2 | 400",
                "If-Unmodified-Since | Wed, 21 Oct 2015 07:28:00 GMT | 400",
                "Expect | 200-ok | 417",
            })
    void aHeaderThatCannotBeHonouredIsRefused(String name, String value, int status) throws IOException {
        Answer answer = http.send(http.to("/v1/files/box/k").header(name, value).put(GatewayFixture.body(new byte[1])));

        assertThat(answer.status()).isEqualTo(status);
        assertThat(http.bucket.files).isEmpty();
    }

    @Test
    void aWriteIsTakenForARepetitionUnlessItIsSaidToBeNew() throws IOException {
        http.send(http.to("/v1/files/box/k")
                .header("X-Kepler-Version-Id", "0123456789abcdef0123456789abcdef")
                .header("X-Kepler-First-Attempt", "true")
                .put(GatewayFixture.body("x".getBytes())));

        PutOptions options = Objects.requireNonNull(http.bucket.lastPut);
        assertThat(options.version()).contains(VersionId.parse("0123456789abcdef0123456789abcdef"));
        assertThat(options.repeats()).isFalse();
    }

    @Test
    void ifMatchAndIfNoneMatchExcludeEachOther() throws IOException {
        Answer answer = http.send(http.to("/v1/files/box/k")
                .header("If-Match", "\"a\"")
                .header("If-None-Match", "*")
                .put(GatewayFixture.body(new byte[1])));

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.detail()).contains("exclude each other");
    }

    @Test
    void aPutWithoutALengthIsNotTakenForAnEmptyFile() throws IOException {
        try (GatewayFixture.Raw raw = http.raw()) {
            raw.say("PUT /v1/files/box/k HTTP/1.1\r\nHost: x\r\n\r\n");

            assertThat(raw.head()).startsWith("HTTP/1.1 411 ");
            assertThat(http.bucket.files).isEmpty();
        }
    }

    @Test
    void aWrongDurabilityIsNamed() throws IOException {
        assertThat(http.put("/v1/files/box/k?durability=most", "x").detail())
                .contains("durability", "'most'", "quorum, all, fast");
    }

    private String stored(String key) {
        return new String(Objects.requireNonNull(http.bucket.files.get(key)).content());
    }
}
