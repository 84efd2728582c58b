package io.keplerfs.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.keplerfs.Bucket;
import io.keplerfs.DeleteOptions;
import io.keplerfs.GetOptions;
import io.keplerfs.InMemoryNetwork;
import io.keplerfs.IndeterminateException;
import io.keplerfs.KeplerCluster;
import io.keplerfs.KeplerException;
import io.keplerfs.KeplerNode;
import io.keplerfs.KeplerOptions;
import io.keplerfs.ListOptions;
import io.keplerfs.PutOptions;
import io.keplerfs.UnavailableException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a caller may rely on when its node is closed under it: every call ends, and says how. */
class ClosingTest {
    private static final int CHUNK = 64 * 1024;
    private static final Duration BOUND = Duration.ofSeconds(30);

    private final InMemoryNetwork network = InMemoryNetwork.create();
    private final List<KeplerNode> nodes = new ArrayList<>();
    private final ExecutorService callers = Executors.newCachedThreadPool();
    private KeplerNode a;
    private Bucket files;

    @BeforeEach
    void startThreeNodes() throws Exception {
        for (String label : List.of("closing-a", "closing-b", "closing-c")) {
            var options = KeplerOptions.inMemory(label, network).chunkSizeBytes(CHUNK);
            if (!nodes.isEmpty()) {
                options.seeds("127.0.0.1:4000");
            }
            nodes.add(KeplerNode.start(options.build()));
        }
        Awaitility.await().atMost(BOUND).untilAsserted(() -> {
            for (KeplerNode node : nodes) {
                assertThat(node.cluster().status().settled()).isTrue();
                assertThat(node.cluster().status().members())
                        .filteredOn(m -> m.owner())
                        .hasSize(3);
            }
        });
        a = nodes.get(0);
        files = a.cluster().createBucket("files");
    }

    @AfterEach
    void closeNodes() {
        callers.shutdownNow();
        nodes.forEach(KeplerNode::close);
    }

    @Test
    void aCallAfterTheCloseFailsAtOnce() throws Exception {
        files.put("large", random(3 * CHUNK));
        InputStream opened = files.open("large");
        a.close();

        KeplerCluster cluster = a.cluster();
        byte[] large = random(2 * CHUNK);
        InputStream content = new ByteArrayInputStream(large);
        List<Supplier<CompletableFuture<?>>> calls = List.of(
                () -> files.putAsync("k", new byte[1], PutOptions.defaults()),
                () -> files.putAsync("k", large, PutOptions.defaults()),
                () -> files.putAsync("k", content, PutOptions.defaults()),
                () -> files.snapshotAsync("k", GetOptions.defaults()),
                () -> files.snapshotAsync("k", GetOptions.local()),
                () -> files.headAsync("k", GetOptions.defaults()),
                () -> files.deleteAsync("k", DeleteOptions.defaults()),
                () -> files.listAsync(ListOptions.prefix("")),
                () -> cluster.createBucketAsync("another"),
                () -> cluster.deleteBucketAsync("files"),
                cluster::bucketsAsync,
                cluster::statusAsync,
                () -> cluster.ringOwnersAsync("files", "k"));
        for (Supplier<CompletableFuture<?>> call : calls) {
            assertThat(call.get())
                    .isCompletedExceptionally()
                    .failsWithin(Duration.ZERO)
                    .withThrowableOfType(ExecutionException.class)
                    .withCauseInstanceOf(UnavailableException.class)
                    .withMessageContaining("node closing-a is closed");
        }
        assertThatThrownBy(() -> files.put("k", content, PutOptions.defaults()))
                .isInstanceOf(UnavailableException.class)
                .hasMessage("node closing-a is closed");
        assertThatThrownBy(opened::readAllBytes).isInstanceOf(UnavailableException.class);
    }

    @Test
    void everyRunningCallEndsWithAnOutcome() throws Exception {
        files.put("large", random(3 * CHUNK));
        CountDownLatch allWork = new CountDownLatch(16);
        List<Future<Throwable>> ends = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            int caller = i;
            ends.add(callers.submit(() -> workUntilRefused(caller, allWork)));
        }
        assertThat(allWork.await(30, TimeUnit.SECONDS)).isTrue();

        assertTimeoutPreemptively(BOUND, a::close);

        for (Future<Throwable> end : ends) {
            assertThat(end.get(10, TimeUnit.SECONDS)).isInstanceOf(KeplerException.class);
        }
        awaitNoThreadOf("closing-a");
    }

    /** Puts and gets until a call says that the node is closed; returns the last failure, or the first wrong one. */
    private Throwable workUntilRefused(int caller, CountDownLatch working) {
        byte[] content = caller % 2 == 0 ? new byte[100] : random(4 * CHUNK + caller);
        for (int round = 0; ; round++) {
            try {
                if (caller % 4 < 2) {
                    files.put("file-" + caller, content);
                } else {
                    files.put("file-" + caller, new ByteArrayInputStream(content), PutOptions.defaults());
                }
                try (InputStream in = files.open("file-" + caller)) {
                    assertThat(in.readAllBytes()).isEqualTo(content);
                }
                if (round == 0) {
                    working.countDown();
                }
            } catch (UnavailableException refused) {
                if (refused.getMessage().contains("is closed")) {
                    return refused;
                }
            } catch (KeplerException outcome) {
                continue;
            } catch (IOException | RuntimeException | AssertionError wrong) {
                return wrong;
            }
        }
    }

    @Test
    void withoutAMajorityRunningCallsEndToo() throws Exception {
        network.isolate(nodes.get(1).id());
        network.isolate(nodes.get(2).id());
        List<CompletableFuture<?>> running = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            running.add(files.putAsync("small-" + i, new byte[1], PutOptions.defaults()));
            running.add(files.putAsync("large-" + i, random(3 * CHUNK), PutOptions.defaults()));
            running.add(files.snapshotAsync("small-" + i, GetOptions.defaults()));
        }

        assertTimeoutPreemptively(BOUND, a::close);

        assertThat(running)
                .allSatisfy(call -> assertThat(call)
                        .failsWithin(Duration.ofSeconds(1))
                        .withThrowableOfType(ExecutionException.class)
                        .withCauseInstanceOf(KeplerException.class));
    }

    @Test
    void aCallOfANodeThatNeverJoinedIsCutOff() throws Exception {
        KeplerNode lonely = KeplerNode.start(KeplerOptions.inMemory("closing-lonely", InMemoryNetwork.create())
                .seeds("127.0.0.1:4999")
                .build());
        nodes.add(lonely);
        Bucket bucket = lonely.cluster().bucket("files");
        GetOptions patient = GetOptions.defaults().withTimeout(Duration.ofHours(1));
        PutOptions patientPut =
                PutOptions.builder().timeout(Duration.ofHours(1)).build();
        var read = bucket.snapshotAsync("k", patient);
        var write = bucket.putAsync("k", new byte[1], patientPut);
        CountDownLatch began = new CountDownLatch(1);
        InputStream source = new ByteArrayInputStream(new byte[1]) {
            @Override
            public synchronized int read(byte[] target, int offset, int length) {
                began.countDown();
                return super.read(target, offset, length);
            }
        };
        var blocked = callers.submit(() -> {
            assertThatThrownBy(() -> bucket.put("k", source, patientPut))
                    .isInstanceOf(IndeterminateException.class)
                    .hasMessageContaining("may still appear");
            return Thread.currentThread().isInterrupted();
        });
        assertThat(began.await(30, TimeUnit.SECONDS)).isTrue();

        assertTimeoutPreemptively(BOUND, lonely::close);

        assertThat(read)
                .failsWithin(Duration.ofSeconds(5))
                .withThrowableOfType(ExecutionException.class)
                .withCauseInstanceOf(UnavailableException.class);
        assertThat(write)
                .failsWithin(Duration.ofSeconds(5))
                .withThrowableOfType(ExecutionException.class)
                .withCauseInstanceOf(UnavailableException.class)
                .withMessageContaining("may still appear");
        assertThat(blocked.get(5, TimeUnit.SECONDS)).isFalse();
    }

    @Test
    void aSourceThatBlocksForEverDoesNotKeepTheNodeOpen() throws Exception {
        CountDownLatch reading = new CountDownLatch(2);
        CountDownLatch never = new CountDownLatch(1);
        AtomicInteger interrupts = new AtomicInteger();
        Future<?> onCaller = callers.submit(
                () -> files.put("stuck", new StuckStream(reading, never, interrupts), PutOptions.defaults()));
        CompletableFuture<?> onWorker =
                files.putAsync("stuck", new StuckStream(reading, never, interrupts), PutOptions.defaults());
        assertThat(reading.await(30, TimeUnit.SECONDS)).isTrue();

        assertTimeoutPreemptively(BOUND, a::close);

        assertThat(onCaller)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableOfType(ExecutionException.class)
                .withCauseInstanceOf(UnavailableException.class);
        assertThat(onWorker)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableOfType(ExecutionException.class)
                .withCauseInstanceOf(UnavailableException.class);
        assertThat(interrupts).hasValue(2);
        awaitNoThreadOf("closing-a");
    }

    /** Two chunks, and then nothing until it is interrupted. */
    private static final class StuckStream extends InputStream {
        private final CountDownLatch reading;
        private final CountDownLatch never;
        private final AtomicInteger interrupts;
        private int left = 2 * CHUNK;

        StuckStream(CountDownLatch reading, CountDownLatch never, AtomicInteger interrupts) {
            this.reading = reading;
            this.never = never;
            this.interrupts = interrupts;
        }

        @Override
        public int read() throws IOException {
            if (left-- > 0) {
                return left & 0xff;
            }
            reading.countDown();
            try {
                never.await();
            } catch (InterruptedException interrupted) {
                interrupts.incrementAndGet();
                // A stream that swallows the interrupt: its upload must end all the same.
            }
            return -1;
        }
    }

    @Test
    void closingTwiceIsHarmless() {
        a.close();
        a.close();

        assertThat(a.health().ready()).isFalse();
        awaitNoThreadOf("closing-a");
    }

    @Test
    void aStartThatFailsHalfWayLeavesNothingBehind(@TempDir Path directory) throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            KeplerOptions options = KeplerOptions.local("closing-half", directory)
                    .transferPort(taken.getLocalPort())
                    .build();
            assertThatThrownBy(() -> KeplerNode.start(options))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(String.valueOf(taken.getLocalPort()));
        }
        awaitNoThreadOf("closing-half");

        try (KeplerNode second =
                KeplerNode.start(KeplerOptions.local("closing-half", directory).build())) {
            assertThat(second.awaitReady(BOUND)).isTrue();
        }
        awaitNoThreadOf("closing-half");
    }

    private static void awaitNoThreadOf(String label) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                        .filteredOn(thread -> thread.getName().startsWith("kepler-" + label + "-"))
                        .extracting(thread -> thread + " at " + List.of(thread.getStackTrace()))
                        .isEmpty());
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }
}
