package io.keplerfs.examples.demo;

import io.keplerfs.Bucket;
import io.keplerfs.GetOptions;
import io.keplerfs.examples.console.Amounts;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.content.Source;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** The story itself: store, read elsewhere, lose a node, go on, take it back, compare everything. */
final class Demo {
    private static final String BUCKET = "demo";
    private static final Duration START_TIMEOUT = Duration.ofMinutes(1);
    private static final Duration CATCH_UP_TIMEOUT = Duration.ofMinutes(2);

    private final Trio trio;
    private final Output output;
    private final Courier courier;
    private final List<Phase> phases = new ArrayList<>();

    Demo(Trio trio, Output output) {
        this.trio = trio;
        this.output = output;
        this.courier = new Courier(output);
    }

    /** Runs all phases. What went wrong with files is in the phases; an IOException means that the cluster itself failed. */
    List<Phase> run(List<Source> files, List<Source> outageFiles) throws IOException, InterruptedException {
        start();
        storeAndReadElsewhere(files);
        loseNodeC(files, outageFiles);
        takeNodeCBack(files, outageFiles);
        return phases;
    }

    private void start() throws IOException, InterruptedException {
        output.line("node-a and node-b run in this JVM; node-c is process " + trio.startC()
                + ", because only a process can be killed without warning");
        trio.awaitSettled(START_TIMEOUT);
        output.line("one cluster of three, three copies of everything: " + String.join("  ", trio.urls()));
        trio.a().createBucket(BUCKET);
    }

    private void storeAndReadElsewhere(List<Source> files) throws InterruptedException {
        add(courier.store("store through node-a", bucketA(), files, () -> {}));
        add(courier.compare("read through node-c", bucketC(), files, GetOptions.defaults()));
    }

    private void loseNodeC(List<Source> files, List<Source> outageFiles) throws InterruptedException {
        AtomicInteger untilTheKill = new AtomicInteger(outageFiles.size() / 4);
        add(courier.store("store through node-b, node-c dies", bucketB(), outageFiles, () -> {
            if (untilTheKill.decrementAndGet() == 0) {
                killC();
            }
        }));
        add(courier.compare("read old files without node-c", bucketB(), files, GetOptions.defaults()));
        add(courier.compare("read new files without node-c", bucketA(), outageFiles, GetOptions.defaults()));
    }

    private void killC() {
        try {
            trio.killC();
            output.line("killed node-c without warning (SIGKILL) in the middle of writing; writing goes on");
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void takeNodeCBack(List<Source> files, List<Source> outageFiles) throws IOException, InterruptedException {
        long started = System.nanoTime();
        output.line("node-c is back as process " + trio.startC() + " on the same data directory");
        trio.awaitSettled(CATCH_UP_TIMEOUT);
        new Patience(output, CATCH_UP_TIMEOUT)
                .until("node-c to hold as many chunks as the others", this::missingChunks);
        output.line("node-c caught up " + Amounts.seconds(System.nanoTime() - started)
                + " after its start; chunks on disk: " + trio.chunks());
        add(courier.compare("what node-c missed, as node-c knows it", bucketC(), outageFiles, GetOptions.local()));
        add(courier.compare("everything through node-c again", bucketC(), files, GetOptions.defaults()));
    }

    private String missingChunks() throws IOException {
        Map<String, Long> chunks = trio.chunks();
        long most = chunks.values().stream().mapToLong(Long::longValue).max().orElse(0);
        return chunks.getOrDefault("node-c", -1L) >= most ? "" : "chunks on disk: " + chunks;
    }

    private void add(Phase phase) {
        phases.add(phase);
        output.line(phase.name() + ": " + phase.files() + " files, " + Amounts.bytes(phase.bytes()) + ", "
                + Amounts.rate(phase.bytes(), phase.nanos()) + ", " + phase.verdict());
    }

    private Bucket bucketA() {
        return trio.a().bucket(BUCKET);
    }

    private Bucket bucketB() {
        return trio.b().bucket(BUCKET);
    }

    private Bucket bucketC() {
        return trio.c().bucket(BUCKET);
    }
}
