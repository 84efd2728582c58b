package io.keplerfs.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keplerfs.CorruptFileException;
import io.keplerfs.http.GatewayFixture.Answer;
import io.keplerfs.http.GatewayFixture.Raw;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import okhttp3.MediaType;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.BufferedSink;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Long bodies: bounded memory, back-pressure, and failures half-way. */
class TransferTest {
    private static final int FIFTY_MEGABYTES = 50 << 20;

    private GatewayFixture http;

    TransferTest() throws IOException {
        http = gateway(GatewayLimits.Timeouts.defaults());
    }

    /** Instead of the usual one: gives silent clients up after a second. */
    private void beImpatient() throws IOException {
        http.close();
        http = gateway(GatewayLimits.Timeouts.defaults()
                .withBodySilence(Duration.ofSeconds(1))
                .withWriteStall(Duration.ofSeconds(1)));
    }

    private static GatewayFixture gateway(GatewayLimits.Timeouts timeouts) throws IOException {
        GatewayLimits.Timeouts quick = timeouts.withDrain(Duration.ofMillis(200));
        return new GatewayFixture(GatewayLimits.defaults().withWorkers(2, 0).withTimeouts(quick));
    }

    @AfterEach
    void close() {
        http.close();
    }

    /** Fails like a file does whose chunks are damaged. */
    static final class FailingStream extends FilterInputStream {
        private long left;

        FailingStream(InputStream in, long good) {
            super(in);
            left = good;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (left <= 0) {
                throw new CorruptFileException("chunk 1: every copy is damaged");
            }
            int read = super.read(target, offset, (int) Math.min(left, length));
            left -= Math.max(0, read);
            return read;
        }
    }

    @Test
    void fiftyMegabytesPassThroughAFewHundredKilobytes() throws IOException {
        AtomicLong counted = new AtomicLong();
        http.bucket.writing = content -> {
            byte[] piece = new byte[1 << 16];
            for (int read = content.read(piece); read >= 0; read = content.read(piece)) {
                counted.addAndGet(read);
            }
            return new byte[0];
        };

        Answer answer = http.send(http.to("/v1/files/box/k").put(zeros(FIFTY_MEGABYTES)));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(counted).hasValue(FIFTY_MEGABYTES);
        assertThat(pipe().mostWaiting()).isBetween(1, (256 << 10) + GatewayLimits.READ_BYTES);
    }

    @Test
    void aSlowClusterSlowsTheClientDown() throws Exception {
        beImpatient();
        CountDownLatch go = new CountDownLatch(1);
        http.bucket.writing = content -> {
            awaitLatch(go);
            return content.readAllBytes();
        };
        AtomicLong offered = new AtomicLong();
        RequestBody body = new RequestBody() {
            @Override
            public MediaType contentType() {
                return MediaType.get("application/octet-stream");
            }

            @Override
            public long contentLength() {
                return FIFTY_MEGABYTES;
            }

            @Override
            public void writeTo(BufferedSink sink) throws IOException {
                for (int sent = 0; sent < FIFTY_MEGABYTES; sent += 1 << 16) {
                    sink.write(new byte[1 << 16]);
                    sink.flush();
                    offered.addAndGet(1 << 16);
                }
            }
        };
        var call = http.client.newCall(http.to("/v1/files/box/k").put(body).build());
        var answer = new java.util.concurrent.CompletableFuture<Integer>();
        Thread sender = new Thread(() -> {
            try (Response response = call.execute()) {
                answer.complete(response.code());
            } catch (IOException failed) {
                answer.completeExceptionally(failed);
            }
        });
        sender.start();

        // Longer than the body may be silent: a paused client is not a silent one.
        await().during(Duration.ofMillis(1300))
                .until(() -> http.bucket.lastContent != null && offered.get() < FIFTY_MEGABYTES);
        assertThat(pipe().mostWaiting()).isLessThanOrEqualTo((256 << 10) + GatewayLimits.READ_BYTES);
        go.countDown();

        assertThat(answer.get()).isEqualTo(200);
        sender.join();
    }

    @Test
    void anUploadThatBreaksOffIsAFailureForTheCluster() throws IOException {
        try (Raw raw = http.raw()) {
            raw.say("PUT /v1/files/box/k HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
                    .say(new byte[100_000]);
            await().until(() -> http.bucket.lastContent != null);
        }

        await().until(() -> !http.bucket.brokenUploads.isEmpty());
        assertThat(http.bucket.brokenUploads.get(0)).hasMessageContaining("client closed the connection");
        assertThat(http.bucket.files).isEmpty();
    }

    @Test
    void aChunkedUploadWithoutItsLastChunkIsAFailureForTheCluster() throws IOException {
        try (Raw raw = http.raw()) {
            raw.say("PUT /v1/files/box/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
            await().until(() -> http.bucket.lastContent != null);
        }

        await().until(() -> !http.bucket.brokenUploads.isEmpty());
        assertThat(http.bucket.files).isEmpty();
    }

    @Test
    void aSmallUploadThatBreaksOffReachesNobody() throws IOException {
        try (Raw raw = http.raw()) {
            raw.say("PUT /v1/files/box/k HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345");
        }

        await().untilAsserted(() -> assertThat(http.get("/metrics").text()).contains("status=\"aborted\"} 1\n"));
        assertThat(http.bucket.files).isEmpty();
        assertThat(http.bucket.lastPut).isNull();
    }

    @Test
    void aMalformedChunkIsRefusedAndNothingBecomesVisible() throws IOException {
        try (Raw raw = http.raw()) {
            raw.say(
                    "PUT /v1/files/box/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzzz\r\n");

            assertThat(raw.rest())
                    .startsWith("HTTP/1.1 400 ")
                    .contains("connection: close", "malformed")
                    .containsOnlyOnce("HTTP/1.1");
        }
        await().until(() -> !http.bucket.brokenUploads.isEmpty());
        assertThat(http.bucket.files).isEmpty();
    }

    @Test
    void aSilentUploadTimesOutAndNothingBecomesVisible() throws IOException {
        beImpatient();
        try (Raw raw = http.raw()) {
            raw.say("PUT /v1/files/box/k HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n12345");

            assertThat(raw.rest())
                    .startsWith("HTTP/1.1 408 ")
                    .contains("urn:keplerfs:problem:timeout")
                    .containsOnlyOnce("HTTP/1.1");
        }
        await().until(() -> !http.bucket.brokenUploads.isEmpty());
        assertThat(http.bucket.files).isEmpty();
    }

    @Test
    void tenThousandTinyChunksAreOneFile() throws IOException {
        try (Raw raw = http.raw()) {
            raw.say("PUT /v1/files/box/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "1\r\nx\r\n".repeat(20_000) + "0\r\n\r\n");

            assertThat(raw.answer()).startsWith("HTTP/1.1 200 ");
        }
        assertThat(Objects.requireNonNull(http.bucket.files.get("k")).content()).hasSize(20_000);
        assertThat(pipe().mostWaiting()).isLessThanOrEqualTo((256 << 10) + GatewayLimits.READ_BYTES);
    }

    @Test
    void aFailureInMidStreamCutsTheConnectionInsteadOfEndingTheBody() throws IOException {
        http.bucket.put("large", new byte[2 << 20]);
        http.bucket.reading = in -> new FailingStream(in, 1 << 20);

        assertThatThrownBy(() -> http.get("/v1/files/box/large"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("unexpected end of stream");
    }

    @Test
    void aContentThatEndsEarlyCutsTheConnectionToo() throws IOException {
        http.bucket.put("large", new byte[2 << 20]);
        http.bucket.reading = in -> new FilterInputStream(in) {
            private int left = 1 << 20;

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                int read = left == 0 ? -1 : super.read(target, offset, Math.min(left, length));
                left -= Math.max(0, read);
                return read;
            }
        };

        assertThatThrownBy(() -> http.get("/v1/files/box/large")).isInstanceOf(IOException.class);
    }

    @Test
    void aSlowReaderHoldsUpTheReadingOfTheFileAndIsCutOffInTheEnd() throws IOException {
        beImpatient();
        http.bucket.put("large", new byte[FIFTY_MEGABYTES]);
        AtomicLong read = new AtomicLong();
        http.bucket.reading = in -> new FilterInputStream(in) {
            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                int some = super.read(target, offset, length);
                read.addAndGet(some);
                return some;
            }
        };
        try (Raw raw = http.raw()) {
            raw.say("GET /v1/files/box/large HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(raw.head()).startsWith("HTTP/1.1 200 ");

            await().until(() -> http.get("/metrics").text().contains("status=\"aborted\"} 1\n"));

            assertThat(read.get()).as("what the sockets hold, and no more").isLessThan(FIFTY_MEGABYTES / 2);
        }
    }

    @Test
    void busyWorkersAreAnsweredWith503BeforeTheBodyIsRead() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        http.bucket.writing = content -> {
            awaitLatch(go);
            return content.readAllBytes();
        };
        String head = " HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n";
        try (Raw one = http.raw();
                Raw two = http.raw();
                Raw three = http.raw()) {
            one.say("PUT /v1/files/box/1" + head + "\r\n");
            two.say("PUT /v1/files/box/2" + head + "Expect: 100-continue\r\n\r\n");
            assertThat(two.head()).startsWith("HTTP/1.1 100 ");
            await().until(() -> http.get("/metrics").text().contains("kepler_http_busy_workers 2\n"));

            three.say("PUT /v1/files/box/3" + head + "Expect: 100-continue\r\n\r\n");

            assertThat(three.answer()).startsWith("HTTP/1.1 503 ").contains("Retry-After: 1", "connection: close");
            go.countDown();
            one.say(new byte[100_000]);
            assertThat(one.answer()).startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void anEarlyErrorIsReadableThoughTheClientStillSends() throws IOException {
        try (Raw raw = http.raw()) {
            raw.say("PUT /v1/files/missing/k HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n")
                    .say(new byte[19_000_000]);

            assertThat(raw.rest()).startsWith("HTTP/1.1 404 ").contains("connection: close", "createBucket");
        }
    }

    private BodyPipe pipe() {
        return (BodyPipe) Objects.requireNonNull(http.bucket.lastContent);
    }

    private static RequestBody zeros(int size) {
        return new RequestBody() {
            @Override
            public MediaType contentType() {
                return MediaType.get("application/octet-stream");
            }

            @Override
            public long contentLength() {
                return size;
            }

            @Override
            public void writeTo(BufferedSink sink) throws IOException {
                for (int sent = 0; sent < size; sent += 1 << 20) {
                    sink.write(new byte[1 << 20]);
                }
            }
        };
    }

    private static void awaitLatch(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw new IOException(interrupted);
        }
    }
}
