package io.keplerfs.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keplerfs.Bucket;
import io.keplerfs.FileInfo;
import io.keplerfs.InMemoryNetwork;
import io.keplerfs.KeplerException;
import io.keplerfs.KeplerNode;
import io.keplerfs.KeplerOptions;
import io.keplerfs.ListOptions;
import io.keplerfs.UnavailableException;
import io.keplerfs.memory.MemoryStore;
import io.keplerfs.repair.LifeTimes;
import io.keplerfs.spi.DiskFullException;
import io.keplerfs.spi.Store;
import io.keplerfs.values.NodeId;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Three nodes of which some have no room left: what goes on, what is refused, and with which words. */
class FullDisksTest {
    private static final int CHUNK = 64 * 1024;
    private static final long TOTAL = 1L << 30;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final LifeTimes HASTY = new LifeTimes(
            Duration.ofMillis(200),
            Duration.ofDays(1),
            Duration.ofDays(1),
            Duration.ofSeconds(1),
            Duration.ofDays(1),
            Duration.ofDays(7),
            Duration.ofDays(1),
            Duration.ofMinutes(5),
            Duration.ofDays(30));

    private final InMemoryNetwork network = InMemoryNetwork.create();
    private final List<KeplerNode> nodes = new ArrayList<>();
    private final List<Store> stores = new ArrayList<>();
    private final List<AtomicLong> free = new ArrayList<>();

    @BeforeEach
    void startThreeNodes() throws Exception {
        for (int i = 0; i < 3; i++) {
            AtomicLong room = new AtomicLong(TOTAL);
            NodeId id = new NodeId(new UUID(7, i));
            Store memory = new MemoryStore(id, Runnable::run, System::currentTimeMillis);
            free.add(room);
            stores.add(memory);
            KeplerOptions.Builder options = KeplerOptions.inMemory("n" + i, network)
                    .store(limited(memory, room))
                    .chunkSizeBytes(CHUNK);
            if (i > 0) {
                options.seeds("127.0.0.1:4000");
            }
            nodes.add(new NodeStartup(options.build(), HASTY).start());
        }
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(nodes).allSatisfy(node -> {
                    assertThat(node.cluster().views().status().settled()).isTrue();
                    assertThat(node.cluster().views().status().members()).hasSize(3);
                }));
        nodes.get(0).cluster().createBucket("files");
    }

    @AfterEach
    void closeNodes() {
        nodes.forEach(KeplerNode::close);
    }

    /** A store on a disk with so much room. */
    private static Store limited(Store memory, AtomicLong room) {
        return (Store) Proxy.newProxyInstance(
                Store.class.getClassLoader(), new Class<?>[] {Store.class}, (proxy, method, given) -> {
                    Store.Usage used = memory.usage();
                    Store.Usage usage = new Store.Usage(used.chunks(), used.chunkBytes(), room.get(), TOTAL);
                    if (method.getName().equals("usage")) {
                        return usage;
                    }
                    if (method.getName().equals("writeChunk")
                            && !usage.hasRoomForCopy(((ByteBuffer) given[1]).remaining())) {
                        return CompletableFuture.failedFuture(new DiskFullException("disk full"));
                    }
                    try {
                        return method.invoke(memory, given);
                    } catch (InvocationTargetException failure) {
                        throw failure.getCause();
                    }
                });
    }

    private void fill(int node) {
        free.get(node).set(0);
    }

    private void empty(int node) {
        free.get(node).set(TOTAL);
    }

    private Bucket bucket(int node) {
        return nodes.get(node).cluster().bucket("files");
    }

    private static byte[] content(int seed) {
        byte[] bytes = new byte[5 * CHUNK];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static byte[] read(Bucket bucket, String key) throws Exception {
        try (InputStream in = bucket.open(key)) {
            return in.readAllBytes();
        }
    }

    @Test
    void oneFullOwnerOfThreeIsOwedItsCopyAndGetsItWhenThereIsRoom() throws Exception {
        fill(2);

        FileInfo throughAnother = bucket(0).put("a", content(1));
        FileInfo throughTheFullOne = bucket(2).put("b", content(2));

        assertThat(throughAnother.receipt().orElseThrow().fsyncedCopies()).isEqualTo(2);
        assertThat(throughTheFullOne.receipt().orElseThrow().fsyncedCopies()).isEqualTo(2);
        assertThat(stores.get(2).usage().chunks()).isZero();
        assertThat(read(bucket(2), "a")).isEqualTo(content(1));

        empty(2);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(stores.get(2).usage().chunks()).isEqualTo(10));
    }

    @Test
    void twoFullOwnersOfThreeRefuseNewBytesAndNothingElse() throws Exception {
        bucket(0).put("before", content(1));
        bucket(0).put("unneeded", content(2));
        bucket(0).put("small", new byte[100]);
        fill(1);
        fill(2);

        for (int node = 0; node < 3; node++) {
            Bucket asked = bucket(node);
            assertThatThrownBy(() -> asked.put("new", content(3)))
                    .isInstanceOfSatisfying(
                            UnavailableException.class,
                            refused -> assertThat(refused.isNoSpace()).isTrue())
                    .hasMessageContaining("has no room")
                    .hasMessageContaining("delete files, or add disks or nodes");
        }
        assertThatThrownBy(() -> bucket(1).put("new", new byte[100]))
                .isInstanceOfSatisfying(
                        UnavailableException.class,
                        refused -> assertThat(refused.isNoSpace()).isTrue())
                .hasMessageContaining("the disk of this node is full");

        assertThat(read(bucket(1), "before")).isEqualTo(content(1));
        assertThat(bucket(1).delete("unneeded")).isTrue();
        assertThat(bucket(2).listAsync(ListOptions.prefix("")).join().files())
                .extracting(FileInfo::key)
                .containsExactly("before", "small");
    }

    @Test
    void aNearlyFullDiskGivesSpaceBackEarly() throws Exception {
        bucket(0).put("unneeded", content(2));
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(stores)
                        .allSatisfy(store -> assertThat(store.usage().chunks()).isEqualTo(5)));
        fill(1);

        bucket(1).delete("unneeded");

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(stores.get(1).usage().chunks()).isZero());
        assertThat(stores.get(0).usage().chunks())
                .as("kept for a day where there is room")
                .isEqualTo(5);
    }

    @Test
    void serviceResumesByItselfWhenThereIsRoom() throws Exception {
        fill(1);
        fill(2);
        assertThatThrownBy(() -> bucket(1).put("new", content(3))).isInstanceOf(UnavailableException.class);

        empty(1);
        empty(2);

        await().atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(KeplerException.class)
                .untilAsserted(() -> bucket(1).put("new", content(3)));
        assertThat(read(bucket(2), "new")).isEqualTo(content(3));
    }

    @Test
    void anUploadThatWasRefusedLeavesNothingBehind() {
        free.forEach(room -> room.set(0));
        assertThatThrownBy(() -> bucket(0).put("new", content(3))).isInstanceOf(UnavailableException.class);

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(stores).allSatisfy(store -> {
                    assertThat(store.usage().chunks()).isZero();
                    assertThat(store.read(tables -> tables.uploads()).join()).isEmpty();
                }));
    }
}
