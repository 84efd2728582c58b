package io.keplerfs.node;

import io.keplerfs.KeplerNode;
import io.keplerfs.UnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** A writer and a reader that go on until they are stopped, and take note of every answer but "unavailable" that is no success. */
final class Load {
    static final String BUCKET = "files";
    private static final int FILES = 40;
    private static final int MOST_BYTES = 200_000;
    /** Some dozen calls a second: load, and yet little of the time of a build. */
    private static final long PAUSE_MILLIS = 40;

    private final ExecutorService threads = Executors.newFixedThreadPool(2);
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Map<String, byte[]> written = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<Exception> errors = new ConcurrentLinkedQueue<>();
    private final AtomicLong writes = new AtomicLong();
    private final AtomicLong reads = new AtomicLong();
    private final AtomicLong unavailable = new AtomicLong();
    private volatile List<KeplerNode> nodes;

    private interface Call {
        void on(KeplerNode node, Random random) throws IOException;
    }

    private Load(List<KeplerNode> nodes) {
        this.nodes = List.copyOf(nodes);
    }

    /** @param base files that are there already and stay as they are */
    static Load start(List<KeplerNode> nodes, List<String> base) {
        Load load = new Load(nodes);
        load.threads.execute(() -> load.repeat(1, load::write));
        load.threads.execute(() -> load.repeat(2, (node, random) -> {
            read(node, base.get(random.nextInt(base.size())));
            load.reads.incrementAndGet();
        }));
        return load;
    }

    /** Calls that begin from now on go to these nodes. */
    void use(List<KeplerNode> now) {
        nodes = List.copyOf(now);
    }

    private void repeat(long seed, Call call) {
        Random random = new Random(seed);
        while (pause()) {
            List<KeplerNode> now = nodes;
            try {
                call.on(now.get(random.nextInt(now.size())), random);
            } catch (UnavailableException tryAgain) {
                unavailable.incrementAndGet();
            } catch (IOException | RuntimeException failure) {
                errors.add(failure);
            }
        }
    }

    /** False when it is over. */
    private boolean pause() {
        try {
            return !stopped.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void write(KeplerNode node, Random random) throws IOException {
        String key = "load-" + random.nextInt(FILES);
        byte[] bytes = new byte[random.nextInt(MOST_BYTES)];
        random.nextBytes(bytes);
        written.remove(key);
        node.cluster().bucket(BUCKET).put(key, bytes);
        written.put(key, bytes);
        writes.incrementAndGet();
    }

    static byte[] read(KeplerNode node, String key) throws IOException {
        try (InputStream in = node.cluster().bucket(BUCKET).open(key)) {
            return in.readAllBytes();
        }
    }

    static byte[] readNow(KeplerNode node, String key) {
        try {
            return read(node, key);
        } catch (IOException failure) {
            throw new UncheckedIOException(key + " through " + node.label(), failure);
        }
    }

    void stop() throws InterruptedException {
        stopped.countDown();
        threads.shutdown();
        if (!threads.awaitTermination(1, TimeUnit.MINUTES)) {
            throw new AssertionError("a call does not end");
        }
    }

    /** The files the writer has written and not begun to overwrite. */
    Map<String, byte[]> written() {
        return written;
    }

    List<Exception> errors() {
        return List.copyOf(errors);
    }

    long writes() {
        return writes.get();
    }

    long reads() {
        return reads.get();
    }

    /** Calls that had to be made again. */
    long unavailable() {
        return unavailable.get();
    }
}
