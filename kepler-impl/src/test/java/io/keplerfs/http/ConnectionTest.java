package io.keplerfs.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keplerfs.PutOptions;
import io.keplerfs.http.GatewayFixture.Raw;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What only a socket can say: raw names, pipelining, garbage, silence. */
class ConnectionTest {
    private GatewayFixture http;

    ConnectionTest() throws IOException {
        http = gateway(GatewayLimits.Timeouts.defaults());
    }

    /** Instead of the usual one: gives silent clients up after half a second. */
    private void beImpatient(GatewayLimits.Timeouts timeouts) throws IOException {
        http.close();
        http = gateway(timeouts);
    }

    private static GatewayFixture gateway(GatewayLimits.Timeouts timeouts) throws IOException {
        GatewayLimits.Timeouts quick = timeouts.withDrain(Duration.ofMillis(200));
        return new GatewayFixture(GatewayLimits.defaults().withConnections(20).withTimeouts(quick));
    }

    @AfterEach
    void close() {
        http.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = true,
            value = {
                "../../etc/passwd | ../../etc/passwd",
                ".. | ..",
                "a/../b | a/../b",
                "a//b | a//b",
                "/lead | /lead",
                "trail/ | trail/",
                "a%2Fb | a/b",
                "a%252Fb | a%2Fb",
                "a+b | a+b",
                "a%20b%3Fc%23d | a b?c#d",
                "na%C3%AFve/%E6%97%A5%E6%9C%AC/%F0%9F%9A%80 | naïve/日本/🚀",
                "a;b=c&d | a;b=c&d",
            })
    void aKeyIsExactlyTheDecodedRestOfThePath(String path, String key) throws IOException {
        try (Raw raw = http.raw()) {
            raw.say("PUT /v1/files/box/" + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
            assertThat(raw.answer()).startsWith("HTTP/1.1 200 ");
            assertThat(http.bucket.files).containsOnlyKeys(key);

            raw.say("GET /v1/files/box/" + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(raw.answer()).endsWith("\r\n\r\nhi");
        }
    }

    @Test
    void aKeyMayHoldEveryCharacterEvenNul() throws IOException {
        try (Raw raw = http.raw()) {
            raw.say("PUT /v1/files/box/a%00%0D%0Ab HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");

            assertThat(raw.answer()).startsWith("HTTP/1.1 200 ");
            assertThat(http.bucket.files).containsOnlyKeys("a\0\r\nb");
        }
    }

    @Test
    void rawUtf8InAPathIsUnderstood() throws IOException {
        try (Raw raw = http.raw()) {
            raw.say("PUT /v1/files/box/naïve HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
                    .getBytes(StandardCharsets.UTF_8));

            assertThat(raw.answer()).startsWith("HTTP/1.1 200 ");
            assertThat(http.bucket.files).containsOnlyKeys("naïve");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"%", "a%2", "%zz", "%ff", "%C3", "%ED%A0%80", "%C0%AF", ""})
    void aNameThatCannotBeDecodedIsRefused(String path) throws IOException {
        try (Raw raw = http.raw()) {
            raw.say("GET /v1/files/box/" + path + " HTTP/1.1\r\nHost: x\r\n\r\n");

            assertThat(raw.answer()).startsWith("HTTP/1.1 400 ").contains("invalid-request");
        }
    }

    @Test
    void aKeyHasAtMost1024BytesOfUtf8() throws IOException {
        try (Raw raw = http.raw()) {
            raw.say("PUT /v1/files/box/" + "%C3%AF".repeat(512) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
            assertThat(raw.answer()).startsWith("HTTP/1.1 200 ");

            raw.say("GET /v1/files/box/" + "%C3%AF".repeat(512) + "a HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(raw.answer()).startsWith("HTTP/1.1 400 ").contains("1025 bytes", "1 to 1024");
        }
    }

    @Test
    void theAbsoluteFormIsUnderstood() throws IOException {
        try (Raw raw = http.raw()) {
            raw.say("GET http://elsewhere:80/health/live HTTP/1.1\r\nHost: x\r\n\r\n");

            assertThat(raw.answer()).startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInTheirOrder() throws IOException {
        http.bucket.put("large", "L".repeat(300_000).getBytes(), PutOptions.defaults());
        try (Raw raw = http.raw()) {
            raw.say("GET /v1/files/box/large HTTP/1.1\r\nHost: x\r\n\r\n"
                    + "PUT /v1/files/box/k HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi"
                    + "HEAD /v1/files/box/k HTTP/1.1\r\nHost: x\r\n\r\n"
                    + "GET /v1/files/box/k HTTP/1.1\r\nHost: x\r\n\r\n"
                    + "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");

            assertThat(raw.answer()).endsWith("L".repeat(1000));
            assertThat(raw.head()).startsWith("HTTP/1.1 100 ");
            assertThat(raw.answer()).startsWith("HTTP/1.1 200 ").contains("\"key\":\"k\"");
            assertThat(raw.head()).startsWith("HTTP/1.1 200 ").contains("content-length: 2");
            assertThat(raw.answer()).endsWith("\r\n\r\nhi");
            assertThat(raw.answer()).startsWith("HTTP/1.1 404 ");
        }
    }

    @Test
    void oneThousandPipelinedRequestsNeedNoStack() throws IOException {
        try (Raw raw = http.raw()) {
            raw.say("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1000));

            for (int i = 0; i < 1000; i++) {
                assertThat(raw.answer()).startsWith("HTTP/1.1 200 ");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\u0016\u0003\u0001abc\u0001\r\n\r\n",
                "hello\r\n\r\n",
                "GET / HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                "PUT /v1/files/box/k HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                "PUT /v1/files/box/k HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: x\r\nbad header\u0001: y\r\n\r\n"
            })
    void garbageIsRefusedAndTheConnectionClosed(String garbage) throws IOException {
        try (Raw raw = http.raw()) {
            raw.say(garbage);

            assertThat(raw.rest())
                    .startsWith("HTTP/1.1 400 ")
                    .contains("connection: close", "application/problem+json");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET / HTTP/2.0 | x: y | 505",
                "PUT /v1/files/box/k HTTP/1.1 | Transfer-Encoding: gzip, chunked | 501",
                "PUT /v1/files/box/k HTTP/1.1 | Expect: a-miracle | 417"
            })
    void whatIsNotSpokenHereIsSaid(String line, String header, int status) throws IOException {
        try (Raw raw = http.raw()) {
            raw.say(line + "\r\nHost: x\r\n" + header + "\r\n\r\n");

            assertThat(raw.rest()).startsWith("HTTP/1.1 " + status + " ");
        }
    }

    @Test
    void tooLargeHeadersAndLinesAreRefused() throws IOException {
        try (Raw raw = http.raw()) {
            raw.say("GET / HTTP/1.1\r\nHost: x\r\nX-Large: " + "x".repeat(40_000) + "\r\n\r\n");
            assertThat(raw.rest()).startsWith("HTTP/1.1 431 ");
        }
        try (Raw raw = http.raw()) {
            raw.say("GET /" + "x".repeat(20_000) + " HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(raw.rest()).startsWith("HTTP/1.1 414 ");
        }
    }

    @Test
    void continueIsSaidOnlyToAPutThatCanBegin() throws IOException {
        String rest = " HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
        try (Raw raw = http.raw()) {
            raw.say("PUT /v1/files/box/k" + rest);
            assertThat(raw.head()).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
            raw.say("hello");
            assertThat(raw.answer()).startsWith("HTTP/1.1 200 ");

            raw.say("PUT /v1/files/box/k?durability=some" + rest);
            assertThat(raw.rest()).startsWith("HTTP/1.1 400 ").contains("connection: close");
        }
        try (Raw raw = http.raw()) {
            raw.say("PUT /v1/files/B/k" + rest);
            assertThat(raw.rest()).startsWith("HTTP/1.1 400 ");
        }
    }

    @Test
    void aRefusedSmallBodyIsReadSoThatTheConnectionServesOn() throws IOException {
        try (Raw raw = http.raw()) {
            raw.say("PUT /v1/files/box/k?durability=some HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
            assertThat(raw.answer()).startsWith("HTTP/1.1 400 ");

            raw.say("DELETE /v1/files/box/k HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
            assertThat(raw.answer()).startsWith("HTTP/1.1 204 ").doesNotContain("content-length");
        }
    }

    @Test
    void aCallWithoutABodyRefusesALongOne() throws IOException {
        try (Raw raw = http.raw()) {
            raw.say("DELETE /v1/files/box/k HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
                    .say(new byte[70_000]);

            assertThat(raw.rest()).startsWith("HTTP/1.1 413 ");
        }
    }

    @Test
    void http10ClientsAreServedAndClosed() throws IOException {
        try (Raw raw = http.raw()) {
            raw.say("GET /health/live HTTP/1.0\r\n\r\n");
            assertThat(raw.rest()).startsWith("HTTP/1.1 200 ").contains("connection: close");
        }
        try (Raw raw = http.raw()) {
            raw.say("GET /health/live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            assertThat(raw.answer()).contains("connection: keep-alive");
            raw.say("GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            assertThat(raw.rest()).startsWith("HTTP/1.1 200 ").contains("connection: close");
        }
    }

    @Test
    void headersThatDoNotComeToAnEndAreNotWaitedFor() throws IOException {
        beImpatient(GatewayLimits.Timeouts.defaults().withHead(Duration.ofMillis(500)));
        try (Raw silent = http.raw();
                Raw slow = http.raw()) {
            slow.say("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
            slow.answer();
            slow.say("GET /health/live HTTP/1.1\r\nHo");

            assertThat(silent.rest()).isEmpty();
            assertThat(slow.rest()).isEmpty();
        }
    }

    @Test
    void anIdleConnectionIsClosed() throws IOException {
        beImpatient(GatewayLimits.Timeouts.defaults().withKeepAlive(Duration.ofMillis(500)));
        try (Raw raw = http.raw()) {
            raw.say("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
            raw.answer();

            assertThat(raw.rest()).isEmpty();
        }
    }

    @Test
    void connectionsOverTheLimitAreRefused() throws Exception {
        Raw[] held = new Raw[20];
        for (int i = 0; i < held.length; i++) {
            held[i] = http.raw();
            held[i].say("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
            held[i].answer();
        }
        try (Raw tooMany = http.raw()) {
            assertThat(tooMany.rest()).startsWith("HTTP/1.1 503 ");
        }
        for (Raw raw : held) {
            raw.close();
        }
        await().ignoreExceptions().until(() -> http.get("/health/live").status() == 200);
    }

    @Test
    void aClientMayCloseItsHalfAfterTheRequest() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        http.bucket.writing = content -> {
            byte[] all = content.readAllBytes();
            try {
                go.await();
            } catch (InterruptedException interrupted) {
                throw new IOException(interrupted);
            }
            return all;
        };
        try (Raw raw = http.raw()) {
            raw.say(
                    "PUT /v1/files/box/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
            raw.socket().shutdownOutput();
            go.countDown();

            assertThat(raw.rest()).startsWith("HTTP/1.1 200 ");
        }
        try (Raw raw = http.raw()) {
            raw.say("GET /v1/files/box/k HTTP/1.1\r\nHost: x\r\n\r\nGET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
            raw.socket().shutdownOutput();

            assertThat(raw.answer()).endsWith("\r\n\r\nhi");
            assertThat(raw.rest()).startsWith("HTTP/1.1 200 ").contains("\"live\":true");
        }
    }
}
