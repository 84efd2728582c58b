package io.keplerfs.files;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.DeleteOptions;
import io.keplerfs.FileInfo;
import io.keplerfs.GetOptions;
import io.keplerfs.PutOptions;
import io.keplerfs.repair.LifeTimes;
import io.keplerfs.sim.SimLoop;
import io.keplerfs.sim.SimNetwork;
import io.keplerfs.sim.SimNetwork.Weather;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Nodes under virtual time, for tests that tell one story about the life of chunks. Nodes are counted from 1. */
final class LifeCluster {
    static final String BUCKET = "files";
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    /** An hour of a real cluster is a minute here, a day ten minutes: nothing depends on them, and days make long traces. */
    static final Duration HOUR = Duration.ofMinutes(1);

    static final Duration DAY = Duration.ofMinutes(10);
    static final LifeTimes AGES = new LifeTimes(
            Duration.ofSeconds(5),
            HOUR,
            DAY,
            HOUR,
            DAY,
            DAY.multipliedBy(7),
            HOUR,
            Duration.ofSeconds(10),
            DAY.multipliedBy(30));

    final SimLoop loop;
    final SimNetwork network;
    final List<LifeNode> nodes = new ArrayList<>();
    private final LifeNode.World world;

    LifeCluster(int size) {
        this(size, "NONE");
    }

    LifeCluster(int size, String fault) {
        this(size, fault, UnaryOperator.identity());
    }

    /** @param disk what every node sees of its store */
    LifeCluster(int size, String fault, UnaryOperator<Store> disk) {
        loop = new SimLoop(1);
        network = new SimNetwork(loop, Weather.FINE);
        world = new LifeNode.World(loop, network, AGES, this::members, fault, disk);
        for (int i = 0; i < size; i++) {
            join();
        }
        await(node(1).cluster.createBucketAsync(BUCKET));
    }

    /** Adds a node and waits until it owns. */
    LifeNode join() {
        int number = nodes.size() + 1;
        NodeId id = new NodeId(new UUID(0, number));
        MemberInfo info = new MemberInfo(
                id, "n" + number, "", 1, new NodeAddress("host" + number, 0, 1, 1), 1, MemberState.ALIVE);
        LifeNode joined = new LifeNode(world, info, nodes.isEmpty(), 0);
        nodes.add(joined);
        until(() -> joined.cluster != null);
        if (number > 1) {
            LifeNode first = nodes.get(0);
            joined.founding.met(first.info(), first.founding.card());
        }
        until(() -> nodes.stream()
                .filter(LifeNode::isUp)
                .allMatch(node -> node.views.ownership().isPresent()
                        && node.views.ownership().get().next().isEmpty()
                        && node.views.ownership().get().current().has(id)));
        return joined;
    }

    private List<MemberInfo> members() {
        return nodes.stream()
                .map(node -> node.isUp()
                        ? node.info()
                        : new MemberInfo(
                                node.id(),
                                node.info().label(),
                                "",
                                1,
                                node.info().address(),
                                1,
                                MemberState.DEAD))
                .toList();
    }

    LifeNode node(int number) {
        return nodes.get(number - 1);
    }

    void pass(Duration time) {
        loop.runUntil(() -> false, time);
    }

    void until(java.util.function.BooleanSupplier condition) {
        assertThat(loop.runUntil(condition, PATIENCE)).isTrue();
    }

    <T> T await(CompletableFuture<T> future) {
        assertThat(loop.runUntil(future::isDone, PATIENCE)).as("done in time").isTrue();
        return future.join();
    }

    /** What it failed with. */
    Throwable failureOf(CompletableFuture<?> future) {
        assertThat(loop.runUntil(future::isDone, PATIENCE)).isTrue();
        assertThat(future).isCompletedExceptionally();
        return future.handle((result, failure) -> io.keplerfs.loop.Failures.unwrap(failure))
                .join();
    }

    static byte[] content(int seed) {
        byte[] bytes = new byte[3 * LifeNode.CHUNK + 50];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    static List<ChunkId> chunks(byte[] content) {
        List<ChunkId> ids = new ArrayList<>();
        for (int from = 0; from < content.length; from += LifeNode.CHUNK) {
            int to = Math.min(content.length, from + LifeNode.CHUNK);
            ids.add(ChunkId.of(ByteBuffer.wrap(Arrays.copyOfRange(content, from, to))));
        }
        return ids;
    }

    CompletableFuture<FileInfo> putLater(int node, String key, byte[] content) {
        return putLater(node, key, content, PutOptions.defaults());
    }

    CompletableFuture<FileInfo> putLater(int node, String key, byte[] content, PutOptions options) {
        return node(node).bucket().putAsync(key, new ByteArrayInputStream(content), options);
    }

    FileInfo put(int node, String key, byte[] content) {
        return await(putLater(node, key, content));
    }

    void delete(int node, String key) {
        await(node(node).bucket().deleteAsync(key, DeleteOptions.defaults()));
    }

    byte[] get(int node, String key) {
        Snapshot snapshot = (Snapshot) await(node(node).bucket().snapshotAsync(key, GetOptions.defaults()));
        return await(snapshot.read(0, (int) snapshot.info().sizeBytes()));
    }

    <T> T look(int node, Function<Store.Snapshot, T> query) {
        return await(node(node).store().read(query));
    }

    List<Reference> references(int node, ChunkId chunk) {
        return look(node, tables -> tables.references(chunk));
    }

    /** How many bytes of chunks are LIVE and in the trash on all nodes. */
    long liveBytes() {
        return nodes.stream()
                .mapToLong(node -> node.store().usage().chunkBytes())
                .sum();
    }

    long trashBytes() {
        long bytes = 0;
        for (int i = 1; i <= nodes.size(); i++) {
            bytes += look(i, Store.Snapshot::space).trashBytes();
        }
        return bytes;
    }

    boolean isLive(int node, ChunkId chunk) {
        return look(node, tables -> tables.chunk(chunk))
                .filter(row -> row.state() == ChunkRow.State.LIVE)
                .isPresent();
    }
}
