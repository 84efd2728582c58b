package io.keplerfs.examples.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.keplerfs.examples.FakeNode;
import io.keplerfs.examples.Terminal;
import io.keplerfs.examples.Terminal.Result;
import java.net.BindException;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class NodeCommandTest {
    private final Terminal terminal = new Terminal();

    @Test
    void printConfigShowsEveryValueAndItsOriginWithoutStartingAnything() {
        Result result = terminal.with("NODE_ID", "node-a").run("node", "--print-config", "--http-port", "3100");

        assertThat(result.exitCode()).isZero();
        assertThat(result.out())
                .containsPattern("NODE_ID\\s+node-a\\s+environment")
                .containsPattern("HTTP_PORT\\s+3100\\s+flag --http-port")
                .containsPattern("GOSSIP_PORT\\s+4000\\s+default");
        assertThat(terminal.nodes()).isEmpty();
    }

    @Test
    void printConfigSpeaksJson() {
        Result result = terminal.run("node", "--node-id=n", "--print-config", "--json");

        JsonObject config = JsonParser.parseString(result.out()).getAsJsonObject();
        assertThat(config.keySet())
                .containsExactlyElementsOf(
                        NodeVariable.all().stream().map(NodeVariable::name).toList());
        assertThat(config.getAsJsonObject("NODE_ID").get("from").getAsString()).isEqualTo("flag --node-id");
    }

    @Test
    void badSettingsAreAllToldAndEndWithTwo() {
        Result result = terminal.with("HTTP_PORT", "x").run("node", "--weight", "y");

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err())
                .contains("NODE_ID is not set", "HTTP_PORT=x", "WEIGHT=y")
                .doesNotContain("\tat ");
    }

    @Test
    void unknownFlagsAreRefusedWithASuggestion() {
        Result result = terminal.run("node", "--node-id=n", "--htp-port=1");

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err()).contains("--htp-port", "--http-port");
    }

    @Test
    void whatKeepsANodeFromStartingIsOneLineAndEndsWithOne() {
        Result result = terminal.withStarter(options -> {
                    throw new BindException("HTTP port 3000 on 127.0.0.1 is taken; choose another with HTTP_PORT");
                })
                .run("node", "--node-id=n");

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err())
                .isEqualTo("kepler node: HTTP port 3000 on 127.0.0.1 is taken; choose another with HTTP_PORT\n");
    }

    @Test
    void aNodeSaysWhereItIsAndEndsInOrderWhenItsParentIsGone() {
        Result result = terminal.run("node", "--node-id=node-a", "--http-port=3001", "--exit-with-stdin");

        assertThat(result.exitCode()).isZero();
        assertThat(result.out())
                .contains("node-a", "http://127.0.0.1:3001", "SEEDS=127.0.0.1:4000", "data/node-a", "Ctrl-C");
        assertThat(result.err()).contains("ready");
        assertThat(terminal.nodes()).singleElement().matches(FakeNode::isClosed);
    }

    @Test
    void scriptsReadTheAddressesAsJson() {
        Result result = terminal.run("node", "--node-id=node-a", "--exit-with-stdin", "--json");

        JsonObject started = JsonParser.parseString(result.out()).getAsJsonObject();
        assertThat(started.keySet()).containsExactly("event", "id", "label", "address", "http", "data", "pid");
        assertThat(result.err()).isEmpty();
    }

    @Test
    void aNodeThatIsNotReadySaysWhyAndGoesOn() {
        Result result = terminal.withStarter(options -> new FakeNode(options, terminal.cluster(), false))
                .run("node", "--node-id=node-a", "--exit-with-stdin");

        assertThat(result.exitCode()).isZero();
        assertThat(result.err()).contains("not ready yet: 1 of 3 owners reachable");
    }

    @Test
    void freePortsLieBelowTheOnesSystemsHandOut() throws Exception {
        FreePorts ports = new FreePorts(new SplittableRandom(1));

        assertThat(ports.next()).isBetween(20_000, 31_999);
    }
}
