package io.keplerfs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.values.Network;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class KeplerOptionsTest {
    @Test
    void presetsDifferInTheirNetwork() {
        assertThat(KeplerOptions.lan().build().network()).isEqualTo(Network.LAN);
        assertThat(KeplerOptions.wan().build().network()).isEqualTo(Network.WAN);
        assertThat(KeplerOptions.local("a", Path.of("a")).build().network()).isEqualTo(Network.LOCAL);
        assertThat(KeplerOptions.builder().build().network()).isEqualTo(Network.LAN);
    }

    @Test
    void theNetworkSaysHowLongProbesTakeUnlessTheyAreSet() {
        KeplerOptions wan = KeplerOptions.wan().build();
        assertThat(wan.probeInterval()).isEqualTo(Duration.ofSeconds(5));
        assertThat(wan.probeTimeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(KeplerOptions.local("a", Path.of("a")).build().probeTimeout())
                .isEqualTo(Duration.ofMillis(200));

        KeplerOptions own = wan.toBuilder()
                .probeTimeout(Duration.ofSeconds(4))
                .network(Network.LAN)
                .probeInterval(Duration.ofSeconds(6))
                .build();

        assertThat(own.probeTimeout()).isEqualTo(Duration.ofSeconds(4));
        assertThat(own.probeInterval()).isEqualTo(Duration.ofSeconds(6));
        assertThat(own.toString()).contains("network=LAN", "probeInterval=PT6S");
    }

    @Test
    void aProbeThatWaitsAsLongAsItsIntervalIsRefused() {
        assertThatThrownBy(() ->
                        KeplerOptions.lan().probeTimeout(Duration.ofSeconds(1)).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("PT1S")
                .hasMessageContaining("below probeInterval");
        assertThatThrownBy(() -> KeplerOptions.lan().probeTimeout(Duration.ZERO).build())
                .hasMessageContaining("above zero");
    }
}
