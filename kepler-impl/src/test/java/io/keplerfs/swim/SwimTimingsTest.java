package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.values.Network;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SwimTimingsTest {
    /** The numbers of memberlist's DefaultLocalConfig, DefaultLANConfig and DefaultWANConfig; Lifeguard's 4 for the LAN. */
    @ParameterizedTest
    @CsvSource({
        "LOCAL, 1000, 200, 100, 3, 15, 3, 3",
        "LAN, 1000, 500, 200, 3, 30, 4, 4",
        "WAN, 5000, 3000, 500, 4, 60, 6, 30",
    })
    void eachNetworkHasThePaceOfTheField(
            Network network,
            long probeMillis,
            long timeoutMillis,
            long gossipMillis,
            int fanout,
            long syncSeconds,
            int suspicionMultiplier,
            long shortestSuspicionSeconds) {
        SwimTimings timings = SwimTimings.of(network);

        assertThat(timings.probeInterval()).isEqualTo(Duration.ofMillis(probeMillis));
        assertThat(timings.probeTimeout()).isEqualTo(Duration.ofMillis(timeoutMillis));
        assertThat(timings.gossipInterval()).isEqualTo(Duration.ofMillis(gossipMillis));
        assertThat(timings.gossipFanout()).isEqualTo(fanout);
        assertThat(timings.syncInterval()).isEqualTo(Duration.ofSeconds(syncSeconds));
        assertThat(timings.suspicionMultiplier()).isEqualTo(suspicionMultiplier);
        assertThat(Duration.ofNanos(timings.shortestSuspicionNanos(10)))
                .isEqualTo(Duration.ofSeconds(shortestSuspicionSeconds));
    }

    @Test
    void anIntervalOfOnesOwnChangesAllPeriodsInProportion() {
        SwimTimings timings = SwimTimings.of(Network.LAN, Duration.ofMillis(100), Duration.ofMillis(50));

        assertThat(timings.gossipInterval()).isEqualTo(Duration.ofMillis(20));
        assertThat(timings.syncInterval()).isEqualTo(Duration.ofSeconds(3));
        assertThat(timings.deadMemory()).as("a promise of the SPI").isEqualTo(Duration.ofHours(24));
    }
}
