package io.keplerfs.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class GatewaysTest {
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5); // a clock that overflows soon
    private final Gateway a = Gateway.of(URI.create("http://a"));
    private final Gateway b = Gateway.of(URI.create("http://b"));
    private final Gateway c = Gateway.of(URI.create("http://c"));
    private final Gateways gateways = new Gateways(List.of(a, b, c, a), nanos::get);

    @Test
    void theyAreAskedInTheOrderGiven() {
        assertThat(gateways.inOrder()).containsExactly(a, b, c);
    }

    @Test
    void theOneThatAnsweredLastIsAskedFirst() {
        gateways.answered(b);

        assertThat(gateways.inOrder()).containsExactly(b, c, a);
    }

    @Test
    void oneThatFailedIsAskedLastUntilItHasRested() {
        gateways.failed(a, "refused");
        assertThat(gateways.inOrder()).containsExactly(b, c, a);

        wait(Gateways.FIRST_REST);
        assertThat(gateways.inOrder()).containsExactly(a, b, c);
    }

    @Test
    void theRestDoublesUpToItsLimitAndAnAnswerEndsIt() {
        for (int seconds : new int[] {1, 2, 4, 8, 16, 30, 30}) {
            gateways.failed(a, "refused");
            wait(Duration.ofSeconds(seconds).minusNanos(1));
            assertThat(gateways.inOrder()).as("after %d s", seconds).containsExactly(b, c, a);
            wait(Duration.ofNanos(1));
            assertThat(gateways.inOrder()).as("after %d s", seconds).containsExactly(a, b, c);
        }
        gateways.answered(a);
        gateways.failed(a, "refused");
        wait(Gateways.FIRST_REST);
        assertThat(gateways.inOrder()).containsExactly(a, b, c);
    }

    @Test
    void manyCallsThatHearOfOneFailureCountOnce() {
        for (int call = 0; call < 64; call++) {
            gateways.failed(a, "refused");
        }
        wait(Gateways.FIRST_REST);

        assertThat(gateways.inOrder()).containsExactly(a, b, c);
    }

    @Test
    void noneIsLeftOutIfAllFailed() {
        gateways.failed(a, "refused");
        gateways.failed(b, "refused");
        gateways.failed(c, "refused");

        assertThat(gateways.inOrder()).containsExactly(a, b, c);
    }

    @Test
    void aClientWithoutAGatewayIsRefused() {
        assertThatThrownBy(() -> new Gateways(List.of(), nanos::get)).isInstanceOf(IllegalArgumentException.class);
    }

    private void wait(Duration duration) {
        nanos.addAndGet(duration.toNanos());
    }
}
