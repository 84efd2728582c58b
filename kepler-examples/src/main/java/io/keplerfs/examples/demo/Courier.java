package io.keplerfs.examples.demo;

import io.keplerfs.Bucket;
import io.keplerfs.GetOptions;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.Progress;
import io.keplerfs.examples.content.Sha256;
import io.keplerfs.examples.content.Source;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/** Brings files in and out and remembers the hash of each as it was read from its source. */
final class Courier {
    private static final int WORKERS = 16;
    private static final long BIG_BYTES = 1_000_000;

    private final Output output;
    private final Map<String, String> hashes = new ConcurrentHashMap<>();

    Courier(Output output) {
        this.output = output;
    }

    /** Stores every source; {@code afterEach} hears of each file that was acknowledged, on any thread. */
    Phase store(String name, Bucket bucket, List<Source> sources, Runnable afterEach) throws InterruptedException {
        return forEach(name, sources, (source, progress) -> {
            try (InputStream content = source.opening().open();
                    DigestInputStream hashed = Sha256.watching(progress.watch(content))) {
                bucket.put(source.key(), hashed);
                hashes.put(source.key(), Sha256.seenBy(hashed));
            }
            afterEach.run();
        });
    }

    /** Reads every source back and compares it with what {@link #store} read. */
    Phase compare(String name, Bucket bucket, List<Source> sources, GetOptions options) throws InterruptedException {
        return forEach(name, sources, (source, progress) -> {
            String stored = hashes.get(source.key());
            String read;
            try (InputStream content = progress.watch(bucket.open(source.key(), options))) {
                read = Sha256.of(content);
            }
            if (!read.equals(stored)) {
                throw new IOException("SHA-256 is " + read + ", stored was " + stored);
            }
        });
    }

    /** One file's errand. */
    @FunctionalInterface
    private interface Errand {
        void run(Source source, Progress progress) throws IOException;
    }

    /** Small files by many workers, since each waits for disks and answers; then big ones one after the other. */
    private Phase forEach(String name, List<Source> sources, Errand errand) throws InterruptedException {
        Queue<String> problems = new ConcurrentLinkedQueue<>();
        AtomicLong moved = new AtomicLong();
        long started = System.nanoTime();
        ExecutorService workers = Executors.newFixedThreadPool(WORKERS);
        try (Progress shown = output.progress(name, Corpus.bytes(sources))) {
            Progress progress = counting(shown, moved);
            List<? extends Future<?>> running = sources.stream()
                    .filter(source -> source.sizeBytes() < BIG_BYTES)
                    .map(source -> workers.submit(() -> attempt(source, progress, errand, problems)))
                    .toList();
            for (Future<?> future : running) {
                future.get();
            }
            sources.stream()
                    .filter(source -> source.sizeBytes() >= BIG_BYTES)
                    .forEach(source -> attempt(source, progress, errand, problems));
        } catch (ExecutionException bug) {
            throw new IllegalStateException("a demo worker failed: " + bug.getCause(), bug);
        } finally {
            workers.shutdownNow();
        }
        return new Phase(name, sources.size(), moved.get(), System.nanoTime() - started, List.copyOf(problems));
    }

    private static Progress counting(Progress shown, AtomicLong moved) {
        return new Progress() {
            @Override
            public void moved(long bytes) {
                moved.addAndGet(bytes);
                shown.moved(bytes);
            }

            @Override
            public void close() {
                shown.close();
            }
        };
    }

    private static void attempt(Source source, Progress progress, Errand errand, Queue<String> problems) {
        try {
            errand.run(source, progress);
        } catch (IOException failure) {
            problems.add(source.key() + ": " + failure.getMessage());
        }
    }
}
