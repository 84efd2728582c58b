package io.keplerfs.examples.processes;

import io.keplerfs.history.FileHistory;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Files that hold a number, and clients that read it and put it back one higher with {@code If-Match}, each call through some node
 * of the moment. What every caller saw is kept, to be judged afterwards.
 */
final class Counters {
    private static final String ETAG = "ETag";
    private static final int NO_ANSWER = 0;
    /** What a node may answer to an increment; no answer at all (it was killed) is as good as 504. */
    private static final Set<Integer> ALLOWED = Set.of(200, 201, 412, 503, 504, NO_ANSWER);

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    /** A node that is down answers at once with nothing: no use in asking it again without a breath. */
    private static final Duration BREATH = Duration.ofMillis(100);

    /** What one file went through. */
    final class Counter {
        private final String key;
        private final FileHistory<String> history = new FileHistory<>(Optional.empty(), System::nanoTime);
        private final AtomicInteger acked = new AtomicInteger();
        private final AtomicInteger maybe = new AtomicInteger();

        private Counter(String key) {
            this.key = key;
        }

        String key() {
            return key;
        }

        FileHistory<String> history() {
            return history;
        }

        /** Increments that were acknowledged. */
        int acked() {
            return acked.get();
        }

        /** Increments that nobody knows of whether they happened. */
        int maybe() {
            return maybe.get();
        }
    }

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();
    private final String bucket;
    private final List<Counter> counters;
    private final Supplier<List<Daemon>> nodes;
    private final AtomicInteger writes = new AtomicInteger();
    private final TreeMap<Integer, Integer> statuses = new TreeMap<>();
    private final List<String> surprises = new ArrayList<>();

    /** @param nodes those that calls may go to now */
    Counters(String bucket, int count, Supplier<List<Daemon>> nodes) {
        this.bucket = bucket;
        this.nodes = nodes;
        counters = IntStream.range(0, count)
                .mapToObj(i -> new Counter("counter-" + i))
                .toList();
    }

    List<Counter> all() {
        return counters;
    }

    /** One client, until it is told to stop by counting the latch down. */
    void incrementUntil(CountDownLatch stopped, long seed) throws InterruptedException {
        SplittableRandom random = new SplittableRandom(seed);
        while (stopped.getCount() > 0) {
            List<Daemon> now = nodes.get();
            int status = increment(counters.get(random.nextInt(counters.size())), now.get(random.nextInt(now.size())));
            if (status == NO_ANSWER && stopped.await(BREATH.toMillis(), TimeUnit.MILLISECONDS)) {
                return;
            }
        }
    }

    /** Returns the status of its last answer. */
    private int increment(Counter counter, Daemon node) {
        FileHistory<String>.Call reading = counter.history.read();
        HttpResponse<String> current = send(request(counter, node).GET().build());
        if (current == null || (current.statusCode() != 200 && current.statusCode() != 404)) {
            return note("get", current, Set.of(503, NO_ANSWER));
        }
        Optional<String> seen = current.statusCode() == 200 ? Optional.of(current.body()) : Optional.empty();
        reading.saw(seen);
        String next = (number(seen) + 1) + " by write " + writes.incrementAndGet();
        FileHistory<String>.Call writing =
                seen.isPresent() ? counter.history.replace(seen.get(), next) : counter.history.create(next);
        HttpRequest.Builder put = request(counter, node).PUT(BodyPublishers.ofString(next));
        current.headers()
                .firstValue(ETAG)
                .ifPresentOrElse(etag -> put.header("If-Match", etag), () -> put.header("If-None-Match", "*"));
        return end(counter, writing, send(put.build()));
    }

    private int end(Counter counter, FileHistory<String>.Call writing, HttpResponse<String> answer) {
        int status = note("put", answer, ALLOWED);
        if (status == 200 || status == 201) {
            counter.acked.incrementAndGet();
            writing.done();
        } else if (status == 412) {
            writing.refused();
        } else if (status == 503) {
            writing.nothingHappened();
        } else {
            counter.maybe.incrementAndGet();
            writing.unknown();
        }
        return status;
    }

    private synchronized int note(String call, HttpResponse<String> answer, Set<Integer> allowed) {
        int status = answer == null ? NO_ANSWER : answer.statusCode();
        statuses.merge(status, 1, Integer::sum);
        if (!allowed.contains(status)) {
            surprises.add(call + ": " + status + " " + (answer == null ? "" : answer.body()));
        }
        return status;
    }

    /** Answers that no caller should ever get. */
    synchronized List<String> surprises() {
        return List.copyOf(surprises);
    }

    /** Answers by status; 0 is no answer. */
    synchronized TreeMap<Integer, Integer> statuses() {
        return new TreeMap<>(statuses);
    }

    /** What the file says now, through this node; recorded as a read. */
    int read(Counter counter, Daemon node) {
        FileHistory<String>.Call reading = counter.history.read();
        HttpResponse<String> answer = send(request(counter, node).GET().build());
        if (answer == null || (answer.statusCode() != 200 && answer.statusCode() != 404)) {
            throw new IllegalStateException(counter.key + " cannot be read through " + node.label() + ": "
                    + (answer == null ? "" : answer.body()));
        }
        Optional<String> seen = answer.statusCode() == 200 ? Optional.of(answer.body()) : Optional.empty();
        reading.saw(seen);
        return number(seen);
    }

    private static int number(Optional<String> content) {
        return content.map(text -> Integer.parseInt(text.substring(0, text.indexOf(' '))))
                .orElse(0);
    }

    private HttpRequest.Builder request(Counter counter, Daemon node) {
        return HttpRequest.newBuilder(node.uri("/v1/files/" + bucket + "/" + counter.key))
                .header("X-Kepler-Timeout-Millis", "3000")
                .timeout(PATIENCE);
    }

    /** Null if there was no answer. */
    private HttpResponse<String> send(HttpRequest request) {
        try {
            return client.send(request, BodyHandlers.ofString(StandardCharsets.UTF_8));
        } catch (IOException noAnswer) {
            return null;
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return null;
        }
    }
}
