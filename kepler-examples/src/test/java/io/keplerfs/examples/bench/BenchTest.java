package io.keplerfs.examples.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.keplerfs.examples.Terminal;
import io.keplerfs.examples.Terminal.Result;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BenchTest {
    private final Terminal terminal = new Terminal();

    @Test
    void percentilesAreExact() {
        Latencies latencies = new Latencies(
                LongStream.rangeClosed(1, 100).map(i -> i * 1_000_000).toArray());

        assertThat(latencies.percentileMillis(50)).isEqualTo(50);
        assertThat(latencies.percentileMillis(99)).isEqualTo(99);
        assertThat(latencies.percentileMillis(99.5)).isEqualTo(100);
        assertThat(latencies.percentileMillis(100)).isEqualTo(100);
        assertThat(new Latencies(new long[] {5_000_000}).percentileMillis(1)).isEqualTo(5);
        assertThatThrownBy(() -> latencies.percentileMillis(0)).hasMessageContaining("0.0");
        assertThatThrownBy(() -> new Latencies(new long[0])).hasMessageContaining("at least one");
    }

    @Test
    void figuresAreNameValueUnit() {
        assertThat(new Figure("put_rate", 12.3456, "MB/s")).hasToString("put_rate: 12.346 MB/s");
        assertThat(new Figure("files", 20, "files")).hasToString("files: 20 files");
    }

    @Test
    void aRunningClusterIsMeasuredThroughItsAddress() {
        Result result =
                terminal.run("bench", "--url=http://x:1", "--size=1", "--small-count=20", "--clients=1,4", "--quiet");

        assertThat(result.exitCode()).isZero();
        assertThat(terminal.connectedTo()).containsExactly("http://x:1");
        assertThat(result.lines())
                .allMatch(line -> line.matches("[a-z0-9_]+: [0-9.]+ [A-Za-z/]+"))
                .anyMatch(line -> line.startsWith("put_large_rate: "))
                .anyMatch(line -> line.startsWith("get_large_cpu: "))
                .anyMatch(line -> line.startsWith("put_small_c1_rate: "))
                .anyMatch(line -> line.startsWith("get_small_c4_p99: "))
                .anyMatch(line -> line.startsWith("heap_used: "))
                .noneMatch(line -> line.startsWith("start_to_ready: "));
    }

    @Test
    void anOwnClusterIsStartedMeasuredAndClosed() {
        Result result = terminal.run("bench", "--nodes=3", "--size=1", "--small-count=5", "--clients=2", "--json");

        JsonObject figures = JsonParser.parseString(result.out()).getAsJsonObject();
        assertThat(figures.getAsJsonObject("start_to_ready").get("unit").getAsString())
                .isEqualTo("s");
        assertThat(terminal.nodes()).hasSize(3).allMatch(node -> node.isClosed());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--nodes=2", "--size=0", "--small-size=0", "--small-count=0", "--clients=0", "--clients=x"})
    void whatCannotBeMeasuredIsRefused(String option) {
        assertThat(terminal.run("bench", option).exitCode()).isEqualTo(2);
        assertThat(terminal.nodes()).isEmpty();
    }
}
