package io.keplerfs.node;

import io.keplerfs.KeplerNode;
import io.keplerfs.KeplerOptions;
import io.keplerfs.disk.DiskOptions;
import io.keplerfs.disk.DiskStore;
import io.keplerfs.files.Buffers;
import io.keplerfs.files.Node;
import io.keplerfs.files.OpenCalls;
import io.keplerfs.files.ReadWindow;
import io.keplerfs.http.GatewayLimits;
import io.keplerfs.http.GatewayOptions;
import io.keplerfs.http.HttpGateway;
import io.keplerfs.listen.Listeners;
import io.keplerfs.register.HybridClock;
import io.keplerfs.repair.LifeTimes;
import io.keplerfs.repair.TombstoneSweep;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Membership;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport;
import io.keplerfs.swim.SwimMembership;
import io.keplerfs.tcp.TcpTransport;
import io.keplerfs.values.Measure;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Builds one node from its options, floor by floor, and starts it. If any part cannot be opened, those opened before are closed
 * again. Used once, by one thread.
 */
final class NodeStartup {
    private static final Duration OPEN_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration LEAVE_TIMEOUT = Duration.ofMillis(500);
    /** What {@link KeplerNode#close} promises to running calls. */
    private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(5);
    /** Off the network every round fails at once; a pause between two of them takes half a second at most. */
    private static final Duration FAIL_TIMEOUT = Duration.ofSeconds(3);
    /** Hashing a chunk takes far less, and blocking calls have been interrupted. */
    private static final Duration WORKERS_TIMEOUT = Duration.ofSeconds(2);
    /** Chunk writes overlap: eight writers reach three times the throughput of one (storage.md's measurements). */
    private static final int DISK_WORKERS = 8;
    /** Threads for callers' streams: more than uploads that need one, because a thread is busy a little after its task. */
    private static final int MOST_BLOCKING = 96;
    /** Uploads and reads may each fill this part of the heap with chunks. */
    private static final int HEAP_SHARE = 8;

    private static final Logger log = LoggerFactory.getLogger(NodeStartup.class);

    private final KeplerOptions options;
    private final LifeTimes ages;
    private final NodeThreads threads;
    private final Teardown teardown = new Teardown();
    private final SecureRandom random = new SecureRandom();

    NodeStartup(KeplerOptions options) {
        this(options, LifeTimes.of(options.collectAfter(), options.trashRetention()));
    }

    /** @param ages the same on every node of the cluster */
    NodeStartup(KeplerOptions options, LifeTimes ages) {
        this.options = options;
        this.ages = ages;
        this.threads = new NodeThreads(options.label());
    }

    KeplerNode start() throws IOException {
        try {
            return build();
        } catch (IOException | RuntimeException failure) {
            teardown.close();
            throw failure;
        }
    }

    private KeplerNode build() throws IOException {
        // Closed from the last to the first: the order is the one that OpenCalls asks for.
        Node.Workers workers = workers();
        OpenCalls calls = new OpenCalls(options.label());
        teardown.add(calls::cutOff);
        Store store = teardown.add(openStore());
        ThreadLoop loop = teardown.add(new ThreadLoop(threads.of("loop"), random));
        HybridClock clock = openClock(loop, store);
        Listeners listeners = teardown.add(new Listeners(threads.of("events")));
        teardown.add(() -> calls.end(FAIL_TIMEOUT));
        Transport transport =
                teardown.add(options.transport().orElseGet(() -> new TcpTransport(System::nanoTime, random)));
        Membership membership =
                teardown.add(options.membership().orElseGet(() -> new SwimMembership(System::nanoTime, random)));
        KeyBook keys = KeyBook.open(store, options.clusterSecrets());
        warnIfInsecure(keys);
        NodeParts parts = new NodeParts(
                new NodeParts.Seams(loop, store, clock, transport, membership, listeners, workers, limits(), calls),
                new NodeParts.Policy(options.evictAfter(), options.rebalanceBytesPerSecond(), ages));

        int transferPort = transport.start(
                new Transport.Local(
                        store.nodeId(),
                        options.bindHost(),
                        options.transferPort(),
                        keys.ring(),
                        threads.of("transfer")),
                parts.handler());
        int gossipPort = membership.bind(options.bindHost(), options.gossipPort());
        teardown.add(() -> membership.leave(LEAVE_TIMEOUT));
        teardown.add(() -> calls.drain(DRAIN_TIMEOUT));
        int httpPort = startGateway(parts, membership, keys);
        NodeAddress address = new NodeAddress(options.advertiseHost(), httpPort, gossipPort, transferPort);
        MemberInfo self = self(store, address);
        parts.start(
                self,
                options.replicationFactor(),
                SeedRank.of(options.seeds(), address, options.bindHost()),
                local(store, self, keys));
        keys.onChange(ring -> {
            transport.use(ring);
            membership.use(ring);
        });
        log.info(
                "node {} ({}) listens: http {}, gossip {}, transfer {}",
                options.label(),
                store.nodeId(),
                httpPort,
                gossipPort,
                transferPort);
        return new RunningNode(store.nodeId(), options, address, parts.cluster(), keys, parts.status(), teardown);
    }

    private Store openStore() throws IOException {
        if (options.store().isPresent()) {
            return options.store().get();
        }
        return DiskStore.open(new DiskOptions(
                options.dataDirectory(),
                options.label(),
                options.fsync(),
                threads.of("disk"),
                DISK_WORKERS,
                () -> new UUID(random.nextLong(), random.nextLong()),
                System::currentTimeMillis));
    }

    private HybridClock openClock(ThreadLoop loop, Store store) throws IOException {
        try {
            HybridClock clock =
                    HybridClock.open(loop, store, store.nodeId()).get(OPEN_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
            teardown.add(() -> {
                var stored = new CompletableFuture<Void>();
                loop.execute(() -> clock.close().whenComplete((done, failure) -> stored.complete(null)));
                stored.get(LEAVE_TIMEOUT.toMillis() * 4, TimeUnit.MILLISECONDS);
            });
            return clock;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while opening " + options.dataDirectory(), interrupted);
        } catch (Exception failure) {
            throw new IOException(
                    "cannot write to the store in " + options.dataDirectory() + ": " + failure.getMessage(), failure);
        }
    }

    private Node.Workers workers() {
        int processors = Runtime.getRuntime().availableProcessors();
        ThreadPoolExecutor hashing = new ThreadPoolExecutor(
                processors, processors, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads.of("hash"));
        hashing.allowCoreThreadTimeOut(true);
        ThreadPoolExecutor blocking = new ThreadPoolExecutor(
                0, MOST_BLOCKING, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), threads.of("worker"));
        teardown.add(() -> end(hashing));
        teardown.add(() -> end(blocking));
        return new Node.Workers(hashing, blocking);
    }

    /** Lets tasks end: their calls have, except those that a stream of the application holds. */
    private static void end(ThreadPoolExecutor workers) throws InterruptedException {
        workers.shutdown();
        if (!workers.awaitTermination(WORKERS_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
            log.warn(
                    "{} threads of the closed node still wait for the application: a stream that it gave to putAsync, or a callback, does not return",
                    workers.getActiveCount());
        }
    }

    private Node.Limits limits() {
        int chunk = options.chunkSizeBytes();
        int buffers = (int) Math.min(64, Math.max(4, Runtime.getRuntime().maxMemory() / HEAP_SHARE / chunk));
        return new Node.Limits(
                chunk,
                options.inlineLimitBytes(),
                new Buffers(chunk, buffers),
                new ReadWindow(buffers),
                ages.upload(),
                options.conflictRetention(),
                TombstoneSweep.AGE);
    }

    private int startGateway(NodeParts parts, Membership membership, KeyBook keys) throws IOException {
        if (options.httpPort() == KeplerOptions.NO_HTTP) {
            return 0;
        }
        GatewayOptions gateway = new GatewayOptions(
                options.bindHost(),
                options.httpPort(),
                options.label(),
                version(),
                threads.of("http"),
                System::nanoTime,
                InstantSource.system(),
                Optional.of(keys),
                GatewayLimits.defaults());
        return teardown.add(HttpGateway.start(
                        gateway, parts.cluster(), parts.status()::health, () -> measures(parts, membership)))
                .port();
    }

    private static List<Measure> measures(NodeParts parts, Membership membership) {
        List<Measure> measures = new ArrayList<>(membership.report().measures());
        measures.addAll(parts.repairMeasures());
        return measures;
    }

    private static String version() {
        String version = NodeStartup.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /** This node as others will see it, with an incarnation above every earlier run's, durably. */
    private MemberInfo self(Store store, NodeAddress address) {
        long incarnation = store.write(NodeParts::nextIncarnation).join();
        return new MemberInfo(
                store.nodeId(),
                options.label(),
                options.zone(),
                options.weight(),
                address,
                incarnation,
                MemberState.ALIVE);
    }

    private Membership.Local local(Store store, MemberInfo self, KeyBook keys) {
        List<MemberInfo> known =
                store.read(tables -> NodeParts.known(tables, self)).join();
        return new Membership.Local(
                self,
                options.seeds(),
                known,
                keys.ring(),
                options.network(),
                options.probeInterval(),
                options.probeTimeout(),
                random,
                threads.of("gossip"));
    }

    private void warnIfInsecure(KeyBook keys) {
        if (keys.ring().isEmpty() && !options.isLoopbackOnly()) {
            log.warn(
                    "node {} listens on {} without a cluster secret, as INSECURE_NETWORK (allowInsecureNetwork) allows: "
                            + "whoever reaches its ports can read and delete everything",
                    options.label(),
                    options.bindHost());
        }
    }
}
