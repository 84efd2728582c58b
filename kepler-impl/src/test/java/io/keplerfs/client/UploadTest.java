package io.keplerfs.client;

import static io.keplerfs.client.GatewaysOnLoopback.problem;
import static io.keplerfs.client.GatewaysOnLoopback.request;
import static io.keplerfs.client.GatewaysOnLoopback.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.IndeterminateException;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.PutOptions;
import io.keplerfs.UnavailableException;
import io.keplerfs.values.VersionId;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Bodies on their way to a gateway. */
class UploadTest {
    private static final VersionId VERSION = VersionId.parse(GatewaysOnLoopback.ETAG);
    private static final PutOptions THIS_VERSION =
            PutOptions.builder().version(VERSION).build();

    private final byte[] big = new byte[3 << 20];
    private final GatewaysOnLoopback gateways = new GatewaysOnLoopback(2);

    UploadTest() {
        new Random(7).nextBytes(big);
    }

    @AfterEach
    void close() {
        gateways.close();
    }

    @Test
    void aStreamIsSentChunkedOnceTheGatewayAgreed() throws Exception {
        gateways.a().enqueue(stored().add100Continue().build());
        List<String> progress = new ArrayList<>();
        PutOptions options = PutOptions.builder()
                .progress((done, total) -> progress.add(done + "/" + total))
                .build();

        gateways.reports().put("q3", new ByteArrayInputStream(big), options);

        RecordedRequest put = request(gateways.a());
        assertThat(put.getHeaders().get("Expect")).isEqualTo("100-continue");
        assertThat(put.getHeaders().get("Transfer-Encoding")).isEqualTo("chunked");
        assertThat(put.getHeaders().get("Content-Length")).isNull();
        assertThat(put.getBody().toByteArray()).isEqualTo(big);
        assertThat(progress).hasSize(48).startsWith("65536/-1").endsWith("3145728/-1");
    }

    @Test
    void anEmptyStreamIsAnEmptyFile() throws Exception {
        gateways.a().enqueue(stored().add100Continue().build());

        gateways.reports().put("q3", InputStream.nullInputStream());

        assertThat(request(gateways.a()).getBodySize()).isZero();
    }

    @Test
    void aStreamThatWasNotTouchedMayGoToAnotherGateway() throws Exception {
        gateways.a()
                .enqueue(problem(503, "unavailable", "joining")
                        .doNotReadRequestBody()
                        .build());
        gateways.b().enqueue(stored().add100Continue().build());

        gateways.reports().put("q3", new ByteArrayInputStream(big));

        assertThat(request(gateways.b()).getBody().toByteArray()).isEqualTo(big);
    }

    @Test
    void aRefusalBeforeTheBodyLeavesTheStreamUntouched() {
        gateways.a()
                .enqueue(problem(412, "precondition-failed", "it exists")
                        .doNotReadRequestBody()
                        .build());
        ByteArrayInputStream content = new ByteArrayInputStream(big);

        assertThatThrownBy(() -> gateways.reports().put("q3", content, PutOptions.ifAbsent()))
                .isInstanceOf(PreconditionFailedException.class);
        assertThat(content.available()).isEqualTo(big.length);
    }

    @Test
    void aStreamWhoseAnswerIsLostIsIndeterminateUnderItsVersion() throws Exception {
        gateways.a()
                .enqueue(new MockResponse.Builder()
                        .add100Continue()
                        .onResponseStart(new SocketEffect.CloseSocket())
                        .build());

        assertThatThrownBy(() -> gateways.reports().put("q3", new ByteArrayInputStream(big), THIS_VERSION))
                .asInstanceOf(InstanceOfAssertFactories.type(IndeterminateException.class))
                .returns(VERSION, IndeterminateException::version);
        assertThat(gateways.b().getRequestCount()).isZero();
        assertThat(request(gateways.a()).getHeaders().get("X-Kepler-Version-Id"))
                .isEqualTo(VERSION.toString());
    }

    @Test
    void aStreamThatBreaksInTheMiddleIsIndeterminate() throws Exception {
        try (OneUpload upload = new OneUpload(1 << 20);
                RemoteCluster cluster = upload.client()) {
            assertThatThrownBy(() -> cluster.bucket("reports").put("q3", endless(), THIS_VERSION))
                    .asInstanceOf(InstanceOfAssertFactories.type(IndeterminateException.class))
                    .returns(VERSION, IndeterminateException::version);
        }
    }

    @Test
    void aStreamWithoutAGatewayIsUnavailableAndUntouched() {
        gateways.servers.forEach(MockWebServer::close);
        ByteArrayInputStream content = new ByteArrayInputStream(big);

        assertThatThrownBy(() -> gateways.reports().put("q3", content)).isInstanceOf(UnavailableException.class);
        assertThat(content.available()).isEqualTo(big.length);
    }

    @Test
    void aBodyFromMemoryIsSentAgainInFullAndProgressNeverFalls() throws Exception {
        gateways.a()
                .enqueue(new MockResponse.Builder()
                        .add100Continue()
                        .onResponseStart(new SocketEffect.CloseSocket())
                        .build());
        gateways.b().enqueue(stored().add100Continue().build());
        List<Long> progress = new ArrayList<>();

        gateways.reports()
                .put(
                        "q3",
                        big,
                        PutOptions.builder()
                                .progress((done, total) -> progress.add(done))
                                .build());

        assertThat(request(gateways.a()).getHeaders().get("Expect")).isEqualTo("100-continue");
        assertThat(request(gateways.b()).getBody().toByteArray()).isEqualTo(big);
        assertThat(progress).isSorted().doesNotHaveDuplicates().endsWith((long) big.length);
    }

    @Test
    void aStreamThatThrowsBreaksTheUploadOffAndTheCallerGetsItsOwnException() throws Exception {
        IOException own = new IOException("the tape tore");
        try (OneUpload upload = new OneUpload(Integer.MAX_VALUE);
                RemoteCluster cluster = upload.client()) {
            InputStream content = new SequenceInputStream(new ByteArrayInputStream(big), throwing(own));

            assertThatThrownBy(() -> cluster.bucket("reports").put("q3", content))
                    .isSameAs(own);

            String received = upload.received();
            assertThat(received).hasSizeGreaterThan(big.length).doesNotEndWith("0\r\n\r\n");
        }
    }

    @Test
    void theAsyncTwinGetsTheCallersOwnExceptionToo() {
        gateways.a().enqueue(stored().add100Continue().build());
        IOException own = new IOException("the tape tore");

        CompletableFuture<?> put = gateways.reports().putAsync("q3", throwing(own), PutOptions.defaults());

        assertThat(put)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .havingCause()
                .isSameAs(own);
    }

    @Test
    void aListenerThatThrowsBreaksTheUploadOff() throws Exception {
        try (OneUpload upload = new OneUpload(Integer.MAX_VALUE);
                RemoteCluster cluster = upload.client()) {
            PutOptions options = PutOptions.builder()
                    .progress((done, total) -> {
                        throw new IllegalStateException("the user closed the window");
                    })
                    .build();

            assertThatThrownBy(() -> cluster.bucket("reports").put("q3", new ByteArrayInputStream(big), options))
                    .isInstanceOf(IllegalStateException.class);
            assertThat(upload.received()).doesNotEndWith("0\r\n\r\n");
        }
    }

    private static InputStream throwing(IOException failure) {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                throw failure;
            }
        };
    }

    private static InputStream endless() {
        return new InputStream() {
            @Override
            public int read() {
                return 'x';
            }

            @Override
            public int read(byte[] target, int offset, int length) {
                return length;
            }
        };
    }
}
