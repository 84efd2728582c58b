package io.keplerfs.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keplerfs.http.GatewayFixture.Raw;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class GatewayCloseTest {
    @Test
    void closingLetsARunningRequestEndAndStopsTheIdleOnes() throws Exception {
        GatewayFixture http = new GatewayFixture();
        CountDownLatch go = new CountDownLatch(1);
        http.bucket.writing = content -> {
            try {
                go.await();
            } catch (InterruptedException interrupted) {
                throw new IOException(interrupted);
            }
            return content.readAllBytes();
        };
        try (Raw idle = http.raw();
                Raw busy = http.raw()) {
            idle.say("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").answer();
            busy.say("PUT /v1/files/box/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n");
            await().until(() -> http.bucket.lastContent != null);

            Thread closing = new Thread(http::close);
            closing.start();
            assertThat(idle.rest()).isEmpty();
            // A selector lets go of its listening socket a moment later than it is told to.
            await().untilAsserted(
                            () -> assertThatThrownBy(() -> http.raw().close()).isInstanceOf(ConnectException.class));
            busy.say("0\r\n\r\n");
            go.countDown();

            assertThat(busy.rest()).startsWith("HTTP/1.1 200 ").contains("connection: close");
            closing.join();
        }
        assertThat(http.bucket.files).containsOnlyKeys("k");
        await().until(() -> http.threads.stream().noneMatch(Thread::isAlive));
        http.gateway.close();
    }

    @Test
    void whatDoesNotEndInTimeIsCutAndFailsForTheCluster() throws Exception {
        GatewayLimits.Timeouts quick = GatewayLimits.Timeouts.defaults().withDrain(Duration.ofMillis(50));
        GatewayFixture http = new GatewayFixture(GatewayLimits.defaults().withTimeouts(quick));
        try (Raw stuck = http.raw()) {
            stuck.say("PUT /v1/files/box/k HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n12345");
            await().until(() -> http.bucket.lastContent != null);

            http.close();

            assertThat(http.bucket.brokenUploads).hasSize(1);
            assertThat(http.bucket.files).isEmpty();
        }
        await().until(() -> http.threads.stream().noneMatch(Thread::isAlive));
    }

    @Test
    void aTakenPortIsNamed() throws IOException {
        try (GatewayFixture http = new GatewayFixture()) {
            int port = http.gateway.port();

            assertThatThrownBy(() -> HttpGateway.start(
                            http.options(port, GatewayLimits.defaults()), http.cluster, () -> http.health, List::of))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("127.0.0.1:" + port)
                    .hasMessageContaining("HTTP_PORT")
                    .hasCauseInstanceOf(BindException.class);
        }
    }
}
