package io.keplerfs.client;

import static io.keplerfs.client.GatewaysOnLoopback.ETAG;
import static io.keplerfs.client.GatewaysOnLoopback.file;
import static io.keplerfs.client.GatewaysOnLoopback.head;
import static io.keplerfs.client.GatewaysOnLoopback.problem;
import static io.keplerfs.client.GatewaysOnLoopback.range;
import static io.keplerfs.client.GatewaysOnLoopback.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.CorruptFileException;
import io.keplerfs.FileSnapshot;
import io.keplerfs.GetOptions;
import io.keplerfs.UnavailableException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RemoteStreamTest {
    private static final String CONTENT = "0123456789".repeat(40_000);

    private final GatewaysOnLoopback gateways = new GatewaysOnLoopback(2);

    @AfterEach
    void close() {
        gateways.close();
    }

    @Test
    void openingIsOneGet() throws Exception {
        gateways.a().enqueue(file(CONTENT).build());

        assertThat(text(gateways.reports().open("q3"))).isEqualTo(CONTENT);

        assertThat(gateways.a().getRequestCount()).isEqualTo(1);
        assertThat(gateways.connections.idle()).isEqualTo(1);
    }

    @Test
    void anEmptyFileIsAnEmptyStreamThatHoldsNothing() throws Exception {
        gateways.a().enqueue(file("").build());
        gateways.a().enqueue(head(0).build());

        try (InputStream in = gateways.reports().open("q3")) {
            assertThat(gateways.connections.idle()).isEqualTo(1);
            assertThat(in.read()).isEqualTo(-1);
        }
        assertThat(gateways.reports().snapshot("q3", GetOptions.defaults()).stream()
                        .read())
                .isEqualTo(-1);
        assertThat(gateways.a().getRequestCount()).isEqualTo(2);
    }

    @Test
    void aRangeOfASnapshotIsOneGetOfThatVersion() throws Exception {
        FileSnapshot snapshot = snapshot();
        gateways.a().enqueue(range(CONTENT, 5, 14).build());
        ByteArrayOutputStream target = new ByteArrayOutputStream();

        assertThat(snapshot.transferTo(Channels.newChannel(target), 5, 10)).isEqualTo(10);

        assertThat(target).hasToString("5678901234");
        request(gateways.a());
        RecordedRequest get = request(gateways.a());
        assertThat(get.getHeaders().get("Range")).isEqualTo("bytes=5-14");
        assertThat(get.getHeaders().get("If-Match")).isEqualTo("\"" + ETAG + "\"");
    }

    @Test
    void aRangeOutsideTheFileIsRefused() throws Exception {
        FileSnapshot snapshot = snapshot();
        long size = CONTENT.length();

        for (long[] wrong :
                new long[][] {{-1, 1}, {0, size + 1}, {size, 1}, {0, -1}, {Long.MAX_VALUE, Long.MAX_VALUE}}) {
            assertThatThrownBy(() -> snapshot.stream(wrong[0], wrong[1])).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(snapshot.stream(size, 0).read()).isEqualTo(-1);
    }

    @Test
    void aStreamThatBreaksContinuesElsewhereWithTheSameVersion() throws Exception {
        gateways.a()
                .enqueue(file(CONTENT)
                        .onResponseBody(new SocketEffect.CloseSocket())
                        .build());
        gateways.b().enqueue(problem(503, "unavailable", "busy").build());
        gateways.a().enqueue(problem(503, "unavailable", "busy").build());

        InputStream in = gateways.reports().open("q3");
        byte[] begin = in.readNBytes(1000);
        assertThat(begin).asString().isEqualTo(CONTENT.substring(0, 1000));
        assertThatThrownBy(in::readAllBytes).isInstanceOf(UnavailableException.class);

        request(gateways.a());
        RecordedRequest rest = request(gateways.b());
        assertThat(rest.getHeaders().get("If-Match")).isEqualTo("\"" + ETAG + "\"");
        int from = Integer.parseInt(rest.getHeaders().get("Range").replaceAll("bytes=(\\d+)-399999", "$1"));
        assertThat(from).isBetween(1000, 399_999);

        gateways.a().enqueue(problem(503, "unavailable", "busy").build());
        gateways.b().enqueue(range(CONTENT, from, 399_999).build());
        assertThat(in.readAllBytes()).asString().isEqualTo(CONTENT.substring(from));
    }

    @Test
    void bytesOfAnotherVersionOrPlaceAreNeverMixedIn() throws Exception {
        FileSnapshot snapshot = snapshot();
        gateways.a()
                .enqueue(range(CONTENT, 0, 9)
                        .setHeader("ETag", "\"ffffffffffffffffffffffffffffffff\"")
                        .build());
        gateways.b().enqueue(range(CONTENT, 1, 10).build());
        gateways.a().enqueue(file(CONTENT).build());
        gateways.b().enqueue(range(CONTENT, 0, 9).build());

        assertThat(text(snapshot.stream(0, 10))).isEqualTo("0123456789");
        assertThat(gateways.a().getRequestCount()).isEqualTo(3);
    }

    @Test
    void aVersionThatIsGoneIsUnavailableToItsStreams() throws Exception {
        FileSnapshot snapshot = snapshot();
        gateways.a()
                .enqueue(problem(412, "precondition-failed", "version x is current")
                        .build());
        gateways.a().enqueue(problem(404, "not-found", "no such file").build());

        assertThatThrownBy(() -> snapshot.stream().read())
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("no longer served")
                .hasMessageContaining("version x is current");
        assertThatThrownBy(() -> snapshot.stream().read()).isInstanceOf(UnavailableException.class);
    }

    @Test
    void corruptionIsReportedAsWhatItIs() throws Exception {
        FileSnapshot snapshot = snapshot();
        gateways.a()
                .enqueue(problem(500, "corrupt", "every copy of chunk 0 is broken")
                        .build());

        assertThatThrownBy(() -> snapshot.stream().read())
                .isInstanceOf(CorruptFileException.class)
                .hasMessageContaining("every copy of chunk 0 is broken");
    }

    @Test
    void anAnswerThatIsCutOffIsNeverTakenForTheEnd() throws Exception {
        FileSnapshot snapshot = snapshot();
        for (int i = 0; i < 3; i++) {
            gateways.servers.forEach(server -> server.enqueue(range(CONTENT, 0, 9)
                    .body("")
                    .removeHeader("Content-Length")
                    .addHeader("Connection", "close")
                    .onResponseEnd(new SocketEffect.CloseSocket())
                    .build()));
        }

        assertThatThrownBy(() -> snapshot.stream(0, 10).read())
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("3 times in a row");
    }

    @Test
    void streamsThatAreNotReadToTheirEndLeakNoConnection() throws Exception {
        FileSnapshot snapshot = snapshot();
        for (int i = 0; i < 20; i++) {
            gateways.a().enqueue(range(CONTENT, 0, 399_999).build());
            snapshot.stream(); // never read: never asked for
            try (InputStream in = snapshot.stream()) {
                assertThat(in.read()).isEqualTo('0');
            }
        }
        assertThat(gateways.connections.open()).isEqualTo(gateways.connections.idle());
    }

    @Test
    void refusalsAndIgnoredBodiesLeakNoConnection() {
        for (int i = 0; i < 20; i++) {
            gateways.a().enqueue(problem(404, "not-found", "x".repeat(100_000)).build());
            assertThatThrownBy(() -> gateways.reports().open("q3")).isInstanceOf(IOException.class);
            gateways.a()
                    .enqueue(new MockResponse.Builder()
                            .code(201)
                            .body("{\"name\":\"reports\"}")
                            .build());
            gateways.cluster.createBucketAsync("reports").join();
        }
        assertThat(gateways.connections.open()).isEqualTo(gateways.connections.idle());
    }

    @Test
    void aClosedStreamIsClosed() throws Exception {
        gateways.a().enqueue(file(CONTENT).build());
        InputStream in = gateways.reports().open("q3");
        in.close();
        in.close();

        assertThatThrownBy(in::read).isInstanceOf(IOException.class).hasMessageContaining("closed");
    }

    private FileSnapshot snapshot() throws IOException {
        gateways.a().enqueue(head(CONTENT.length()).build());
        return gateways.reports().snapshot("q3", GetOptions.defaults());
    }

    private static String text(InputStream in) throws IOException {
        try (in) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        }
    }
}
