package io.keplerfs.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.register.Change;
import io.keplerfs.register.Outcome;
import io.keplerfs.register.ReadResult;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.register.Registers;
import io.keplerfs.sim.SimNetwork.Weather;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/**
 * Five nodes in fine weather for tests that tell one story: nodes 1 to 3 own every register, and 2 to 4 once it has moved. Nodes
 * are counted from 1.
 */
final class SimCluster {
    static final RegisterKey KEY = new RegisterKey("photos", 0, "sunset.jpg");
    static final Duration TIMEOUT = Duration.ofSeconds(5);

    final SimLoop loop = new SimLoop(1);
    final SimNetwork network = new SimNetwork(loop, Weather.FINE);
    private final List<SimNode> nodes = new ArrayList<>();

    SimCluster() {
        this(Mistakes.NONE);
    }

    /** @param skewsMillis of the wall clocks of the first nodes */
    SimCluster(Mistakes mistakes, long... skewsMillis) {
        List<NodeId> ids = IntStream.rangeClosed(1, 5).mapToObj(SimCluster::id).toList();
        SimOwnership.Script script = new SimOwnership.Script(KEY, ids.subList(0, 3), ids.subList(1, 4), mistakes);
        SimNode.World world = new SimNode.World(loop, network, script, Duration.ofMillis(500));
        for (NodeId id : ids) {
            int i = nodes.size();
            long skew = i < skewsMillis.length ? skewsMillis[i] : 0;
            nodes.add(new SimNode(world, id, skew, new SimStore(loop, id, 100_000, mistakes.disk(), row -> {})));
        }
        pass(Duration.ofMillis(10));
    }

    static NodeId id(int node) {
        return new NodeId(new UUID(0, node));
    }

    static VersionId version(int number) {
        return new VersionId(new UUID(7, number));
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    SimNode node(int number) {
        return nodes.get(number - 1);
    }

    Registers at(int number) {
        return Objects.requireNonNull(node(number).registers());
    }

    void pass(Duration time) {
        loop.runUntil(() -> false, time);
    }

    <T> T await(CompletableFuture<T> future) {
        assertThat(loop.runUntil(future::isDone, Duration.ofMinutes(1))).isTrue();
        return future.join();
    }

    Outcome put(int node, int version) {
        return await(putLater(node, version));
    }

    CompletableFuture<Outcome> putLater(int node, int version) {
        return at(node).change(KEY, version(version), false, Change.toAnything(bytes("v" + version)), false, TIMEOUT);
    }

    /** Writes on whatever is there. */
    CompletableFuture<Outcome> buildLater(int node, int version, Duration timeout) {
        return at(node).change(KEY, version(version), false, current -> written(version), false, timeout);
    }

    Outcome swap(int node, int base, int version) {
        return await(at(node).change(KEY, version(version), false, swap(base, version), false, TIMEOUT));
    }

    static Change swap(int base, int version) {
        return current -> current.id().equals(version(base)) ? written(version) : new Change.Refuse("it is " + current);
    }

    static Change.Write written(int version) {
        return new Change.Write(bytes("v" + version), false);
    }

    RegisterValue read(int node) {
        return ((ReadResult.Value) await(at(node).read(KEY, TIMEOUT))).value();
    }

    /** How many requests of this kind have arrived so far. */
    long requests(String kind) {
        return loop.trace().stream()
                .filter(line -> line.contains(" > ") && line.contains(" " + kind + " "))
                .count();
    }
}
