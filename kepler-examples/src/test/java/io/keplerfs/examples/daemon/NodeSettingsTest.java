package io.keplerfs.examples.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.KeplerOptions;
import io.keplerfs.examples.daemon.NodeSettings.BadSettingsException;
import io.keplerfs.examples.daemon.NodeSettings.Effective;
import io.keplerfs.values.Network;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeSettingsTest {
    private static NodeSettings read(Map<String, String> environment) {
        return NodeSettings.read(environment, Map.of());
    }

    private static Map<String, String> nodeAnd(String name, String value) {
        Map<String, String> environment = new HashMap<>(Map.of("NODE_ID", "node-a"));
        environment.put(name, value);
        return environment;
    }

    @Test
    void onlyTheNameIsRequired() {
        KeplerOptions options = read(Map.of("NODE_ID", "node-a")).options();

        assertThat(options.label()).isEqualTo("node-a");
        assertThat(options.httpPort()).isEqualTo(3000);
        assertThat(options.gossipPort()).isEqualTo(4000);
        assertThat(options.transferPort()).isEqualTo(5000);
        assertThat(options.seeds()).isEmpty();
        assertThat(options.replicationFactor()).isEqualTo(3);
        assertThat(options.chunkSizeBytes()).isEqualTo(4 << 20);
        assertThat(options.rebalanceBytesPerSecond()).isEqualTo(50_000_000);
        assertThat(options.dataDirectory()).isEqualTo(Path.of("data/node-a"));
        assertThat(options.bindHost()).isEqualTo("127.0.0.1");
        assertThat(options.advertiseHost()).isEqualTo("127.0.0.1");
        assertThat(options.zone()).isEmpty();
        assertThat(options.weight()).isEqualTo(1);
        assertThat(options.clusterSecret()).isEmpty();
        assertThat(options.evictAfter()).isEqualTo(Duration.ofMinutes(10));
        assertThat(options.network()).isEqualTo(Network.LAN);
    }

    @Test
    void everyVariableReachesItsOption() {
        Map<String, String> environment = new HashMap<>();
        environment.put("NODE_ID", "node-b");
        environment.put("HTTP_PORT", "3001");
        environment.put("GOSSIP_PORT", "4001");
        environment.put("TRANSFER_PORT", "0");
        environment.put("SEEDS", "10.0.0.1:4000, [::1]:4002");
        environment.put("REPLICATION_FACTOR", "5");
        environment.put("CHUNK_SIZE_MB", "8");
        environment.put("REBALANCE_BANDWIDTH_MBPS", "20");
        environment.put("DATA_DIR", "/srv/kepler");
        environment.put("BIND_HOST", "0.0.0.0");
        environment.put("ADVERTISE_HOST", "b.example");
        environment.put("S3_PORT", "0");
        environment.put("ZONE", "rack-7");
        environment.put("WEIGHT", "4");
        environment.put("CLUSTER_SECRET", "correct horse battery");
        environment.put("INSECURE_NETWORK", "true");
        environment.put("EVICT_AFTER_S", "120");
        environment.put("COLLECT_AFTER_S", "60");
        environment.put("TRASH_RETENTION_S", "7200");
        environment.put("NETWORK", "wan");
        assertThat(environment.keySet())
                .containsExactlyInAnyOrderElementsOf(
                        NodeVariable.all().stream().map(NodeVariable::name).toList());

        KeplerOptions options = read(environment).options();

        assertThat(options.label()).isEqualTo("node-b");
        assertThat(options.httpPort()).isEqualTo(3001);
        assertThat(options.gossipPort()).isEqualTo(4001);
        assertThat(options.transferPort()).isZero();
        assertThat(options.seeds()).containsExactly("10.0.0.1:4000", "[::1]:4002");
        assertThat(options.replicationFactor()).isEqualTo(5);
        assertThat(options.chunkSizeBytes()).isEqualTo(8 << 20);
        assertThat(options.rebalanceBytesPerSecond()).isEqualTo(20_000_000);
        assertThat(options.dataDirectory()).isEqualTo(Path.of("/srv/kepler"));
        assertThat(options.bindHost()).isEqualTo("0.0.0.0");
        assertThat(options.advertiseHost()).isEqualTo("b.example");
        assertThat(options.zone()).isEqualTo("rack-7");
        assertThat(options.weight()).isEqualTo(4);
        assertThat(options.clusterSecret()).contains("correct horse battery");
        assertThat(options.allowInsecureNetwork()).isTrue();
        assertThat(options.evictAfter()).isEqualTo(Duration.ofMinutes(2));
        assertThat(options.collectAfter()).isEqualTo(Duration.ofMinutes(1));
        assertThat(options.trashRetention()).isEqualTo(Duration.ofHours(2));
        assertThat(options.network()).isEqualTo(Network.WAN);
        assertThat(options.probeInterval()).isEqualTo(Duration.ofSeconds(5));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "NODE_ID | node a | letters, digits",
                "NODE_ID | ../evil | letters, digits",
                "HTTP_PORT | 65536 | 0 to 65535",
                "HTTP_PORT | -1 | 0 to 65535",
                "HTTP_PORT | http | 0 to 65535",
                "GOSSIP_PORT | 99999999999 | 0 to 65535",
                "TRANSFER_PORT | 3.5 | 0 to 65535",
                "SEEDS | localhost | host:gossip_port",
                "SEEDS | a:4000,,b:4000 | host:gossip_port",
                "SEEDS | a:70000 | 1 to 65535",
                "REPLICATION_FACTOR | 0 | 1 to 7",
                "REPLICATION_FACTOR | 8 | 1 to 7",
                "CHUNK_SIZE_MB | 65 | 1 to 64",
                "CHUNK_SIZE_MB | 4MB | 1 to 64",
                "REBALANCE_BANDWIDTH_MBPS | 0 | 1 to 100000",
                "S3_PORT | 9000 | no S3 endpoint",
                "WEIGHT | 0 | 1 to 100",
                "WEIGHT | 101 | 1 to 100",
                "EVICT_AFTER_S | 4 | 5 to",
                "COLLECT_AFTER_S | 0 | 1 to",
                "TRASH_RETENTION_S | soon | 1 to",
                "NETWORK | moon | local, lan or wan",
                "NETWORK | LAN | local, lan or wan",
                "ZONE | 1234567890123456789012345678901234567890123456789012345678901234 | 63",
            })
    void aBadValueIsRefusedWithNameValueAndWhatIsAllowed(String name, String value, String allowed) {
        assertThatThrownBy(() -> read(nodeAnd(name, value)))
                .isInstanceOf(BadSettingsException.class)
                .hasMessageContaining(name + "=" + value + ": ")
                .hasMessageContaining(allowed);
    }

    @Test
    void aDirectoryThatCannotBeNamedIsRefused() {
        assertThatThrownBy(() -> read(nodeAnd("DATA_DIR", "a\0b"))).hasMessageContaining("DATA_DIR=");
    }

    @Test
    void theSecretIsNeverPrinted() {
        assertThatThrownBy(() -> read(nodeAnd("CLUSTER_SECRET", "hunter2")))
                .hasMessageContaining("CLUSTER_SECRET=(hidden)")
                .hasMessageContaining("at least 12")
                .message()
                .doesNotContain("hunter2");

        assertThat(read(nodeAnd("CLUSTER_SECRET", "correct horse")).effective())
                .contains(new Effective("CLUSTER_SECRET", "(set)", "environment"));
    }

    @Test
    void allProblemsAreToldAtOnce() {
        assertThatThrownBy(() -> read(Map.of("HTTP_PORT", "x", "WEIGHT", "y", "S3_PORT", "1")))
                .message()
                .hasLineCount(4)
                .startsWith("NODE_ID is not set")
                .contains("HTTP_PORT=x", "WEIGHT=y", "S3_PORT=1");
    }

    @Test
    void twoServicesCannotShareAPort() {
        assertThatThrownBy(() -> read(nodeAnd("GOSSIP_PORT", "3000")))
                .hasMessageContaining("HTTP_PORT and GOSSIP_PORT are both 3000");
    }

    @Test
    void anOpenAddressNeedsASecretAndAnAddressForPeers() {
        assertThatThrownBy(() -> read(nodeAnd("BIND_HOST", "10.1.2.3")))
                .hasMessageContaining("CLUSTER_SECRET")
                .hasMessageContaining("INSECURE_NETWORK=true");
        assertThatThrownBy(() -> read(nodeAnd("BIND_HOST", "0.0.0.0"))).hasMessageContaining("ADVERTISE_HOST");
    }

    @Test
    void anOpenAddressWithoutASecretHasToBeWanted() {
        Map<String, String> open = Map.of("NODE_ID", "n", "BIND_HOST", "10.1.2.3", "INSECURE_NETWORK", "true");

        assertThat(read(open).options().allowInsecureNetwork()).isTrue();
        assertThatThrownBy(() -> read(nodeAnd("INSECURE_NETWORK", "yes"))).hasMessageContaining("true or false");
    }

    @Test
    void severalSecretsAreSeparatedByCommas() {
        assertThat(read(nodeAnd("CLUSTER_SECRET", "the new secret,the old secret"))
                        .options()
                        .clusterSecrets())
                .containsExactly("the new secret", "the old secret");
        assertThatThrownBy(() -> read(nodeAnd("CLUSTER_SECRET", "the same secret,the same secret")))
                .hasMessageContaining("equal");
    }

    @Test
    void aFlagWinsOverTheEnvironmentAndEmptyMeansNotSet() {
        NodeSettings settings = NodeSettings.read(
                Map.of("NODE_ID", "from-env", "HTTP_PORT", "3001", "ZONE", ""), Map.of("NODE_ID", "from-flag"));

        assertThat(settings.options().label()).isEqualTo("from-flag");
        assertThat(settings.options().httpPort()).isEqualTo(3001);
        assertThat(settings.effective())
                .contains(
                        new Effective("NODE_ID", "from-flag", "flag --node-id"),
                        new Effective("HTTP_PORT", "3001", "environment"),
                        new Effective("GOSSIP_PORT", "4000", "default"),
                        new Effective("ZONE", "", "default"),
                        new Effective("DATA_DIR", "data/from-flag", "default"));
    }

    @Test
    void theShownDefaultsAreTheOnesThatApply() {
        KeplerOptions options = read(Map.of("NODE_ID", "node-a")).options();

        assertThat(read(Map.of("NODE_ID", "node-a")).effective())
                .contains(
                        new Effective("HTTP_PORT", Integer.toString(options.httpPort()), "default"),
                        new Effective("GOSSIP_PORT", Integer.toString(options.gossipPort()), "default"),
                        new Effective("TRANSFER_PORT", Integer.toString(options.transferPort()), "default"),
                        new Effective("REPLICATION_FACTOR", Integer.toString(options.replicationFactor()), "default"),
                        new Effective("CHUNK_SIZE_MB", Integer.toString(options.chunkSizeBytes() >> 20), "default"),
                        new Effective(
                                "REBALANCE_BANDWIDTH_MBPS",
                                Long.toString(options.rebalanceBytesPerSecond() / 1_000_000),
                                "default"),
                        new Effective("BIND_HOST", options.bindHost(), "default"),
                        new Effective("ADVERTISE_HOST", options.advertiseHost(), "default"),
                        new Effective("NETWORK", options.network().name().toLowerCase(Locale.ROOT), "default"),
                        new Effective("WEIGHT", Integer.toString(options.weight()), "default"),
                        new Effective(
                                "EVICT_AFTER_S",
                                Long.toString(options.evictAfter().toSeconds()),
                                "default"),
                        new Effective(
                                "COLLECT_AFTER_S",
                                Long.toString(options.collectAfter().toSeconds()),
                                "default"),
                        new Effective(
                                "TRASH_RETENTION_S",
                                Long.toString(options.trashRetention().toSeconds()),
                                "default"));
    }
}
