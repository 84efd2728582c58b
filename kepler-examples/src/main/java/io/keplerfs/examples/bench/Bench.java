package io.keplerfs.examples.bench;

import io.keplerfs.Bucket;
import io.keplerfs.examples.console.Amounts;
import io.keplerfs.examples.content.SeededStream;
import io.keplerfs.examples.content.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Measures one bucket of one cluster. Every run uses new content, so that nothing is stored already. */
final class Bench {
    /**
     * What to do.
     *
     * @param bigBytes size of the one big file
     * @param smallBytes size of each small file
     * @param smallCount small files per step
     * @param clients how many callers at once, one step each
     */
    record Plan(long bigBytes, int smallBytes, int smallCount, List<Integer> clients) {
        Plan {
            clients = List.copyOf(clients);
            requirePositive("--size", bigBytes);
            requirePositive("--small-size", smallBytes);
            requirePositive("--small-count", smallCount);
            clients.forEach(number -> requirePositive("--clients", number));
        }

        private static void requirePositive(String name, long value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + " is " + value + ", at least 1 is needed");
            }
        }
    }

    private static final double GIGABYTE = 1e9;

    private final Bucket bucket;
    private final Plan plan;
    private final long seed;
    private final Consumer<Figure> figures;

    Bench(Bucket bucket, Plan plan, long seed, Consumer<Figure> figures) {
        this.bucket = bucket;
        this.plan = plan;
        this.seed = seed;
        this.figures = figures;
    }

    void run() throws IOException, InterruptedException {
        bigFile();
        for (int clients : plan.clients()) {
            smallFiles(clients);
        }
    }

    private void bigFile() throws IOException {
        String key = "bench/" + seed + "/big";
        String[] hashes = new String[2];
        timedBig("put_large", () -> {
            try (DigestInputStream content = Sha256.watching(new SeededStream(seed, plan.bigBytes()))) {
                bucket.put(key, content);
                hashes[0] = Sha256.seenBy(content);
            }
        });
        timedBig("get_large", () -> {
            try (InputStream content = bucket.open(key)) {
                hashes[1] = Sha256.of(content);
            }
        });
        if (!hashes[0].equals(hashes[1])) {
            throw new IOException(key + " came back changed: SHA-256 " + hashes[1] + " instead of " + hashes[0]);
        }
    }

    @FunctionalInterface
    private interface Work {
        void run() throws IOException;
    }

    private void timedBig(String name, Work work) throws IOException {
        double cpuBefore = ProcessUse.cpuSeconds();
        long started = System.nanoTime();
        work.run();
        long nanos = System.nanoTime() - started;
        double cpuSeconds = ProcessUse.cpuSeconds() - cpuBefore;
        figures.accept(new Figure(name + "_rate", Amounts.megabytesPerSecond(plan.bigBytes(), nanos), "MB/s"));
        figures.accept(new Figure(name + "_cpu", cpuSeconds / (plan.bigBytes() / GIGABYTE), "s/GB"));
    }

    private void smallFiles(int clients) throws IOException, InterruptedException {
        long stepSeed = seed + 31L * clients;
        step("put_small_c" + clients, clients, number -> {
            byte[] content = new SeededStream(stepSeed + number * 1_000_003L, plan.smallBytes()).readAllBytes();
            long started = System.nanoTime();
            bucket.put(smallKey(clients, number), content);
            return System.nanoTime() - started;
        });
        step("get_small_c" + clients, clients, number -> {
            long started = System.nanoTime();
            int read;
            try (InputStream content = bucket.open(smallKey(clients, number))) {
                read = content.readAllBytes().length;
            }
            long nanos = System.nanoTime() - started;
            if (read != plan.smallBytes()) {
                throw new IOException(smallKey(clients, number) + " came back with " + read + " bytes instead of "
                        + plan.smallBytes());
            }
            return nanos;
        });
    }

    private String smallKey(int clients, int number) {
        return "bench/" + seed + "/small-" + clients + "/" + number;
    }

    /** One call on one file; returns the nanoseconds it took. */
    @FunctionalInterface
    private interface Call {
        long run(int number) throws IOException;
    }

    private void step(String name, int clients, Call call) throws IOException, InterruptedException {
        long[] nanos = new long[plan.smallCount()];
        AtomicInteger next = new AtomicInteger();
        Callable<Integer> client = () -> {
            int done = 0;
            for (int number = next.getAndIncrement(); number < nanos.length; number = next.getAndIncrement()) {
                nanos[number] = call.run(number);
                done++;
            }
            return done;
        };
        double cpuBefore = ProcessUse.cpuSeconds();
        long started = System.nanoTime();
        runAll(clients, client);
        double seconds = (System.nanoTime() - started) / 1e9;
        Latencies latencies = new Latencies(nanos);
        figures.accept(new Figure(name + "_rate", nanos.length / seconds, "files/s"));
        figures.accept(new Figure(name + "_p50", latencies.percentileMillis(50), "ms"));
        figures.accept(new Figure(name + "_p99", latencies.percentileMillis(99), "ms"));
        figures.accept(new Figure(name + "_max", latencies.percentileMillis(100), "ms"));
        figures.accept(
                new Figure(name + "_cpu", (ProcessUse.cpuSeconds() - cpuBefore) / nanos.length * 1e6, "us/file"));
    }

    private static void runAll(int clients, Callable<Integer> client) throws IOException, InterruptedException {
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        try {
            List<Callable<Integer>> each =
                    IntStream.range(0, clients).mapToObj(i -> client).toList();
            for (Future<Integer> future : threads.invokeAll(each)) {
                future.get();
            }
        } catch (ExecutionException failure) {
            if (failure.getCause() instanceof IOException outcome) {
                throw outcome;
            }
            throw new IllegalStateException("a bench client failed: " + failure.getCause(), failure);
        } finally {
            threads.shutdownNow();
        }
    }
}
