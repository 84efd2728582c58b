package io.keplerfs.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.UnavailableException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GatewayClientTest {
    private final CountDownLatch end = new CountDownLatch(1);
    private final GatewayClient client = new GatewayClient(
            new Connections(new GatewayTime(() -> 0)),
            new Gateways(List.of(Gateway.of(URI.create("http://a"))), () -> 0),
            Thread::new);

    @AfterEach
    void close() {
        end.countDown();
        client.close();
    }

    @Test
    void aCallThatStillWaitsForAThreadIsRefusedAtClose() {
        for (int running = 0; running < 64; running++) {
            client.async(() -> await(end));
        }
        CompletableFuture<Boolean> waiting = client.async(() -> true);

        client.close();

        assertThat(waiting)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .withCauseInstanceOf(UnavailableException.class);
    }

    @Test
    void moreWaitingCallsThanTheLimitAreRefusedAtOnce() {
        for (int call = 0; call < 64 + 4096; call++) {
            assertThat(client.async(() -> await(end))).isNotDone();
        }

        assertThat(client.async(() -> true))
                .isCompletedExceptionally()
                .failsWithin(Duration.ZERO)
                .withThrowableThat()
                .withMessageContaining("4096 wait");
    }

    private static boolean await(CountDownLatch latch) throws InterruptedException {
        latch.await();
        return true;
    }
}
