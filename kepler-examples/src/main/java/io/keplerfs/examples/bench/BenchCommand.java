package io.keplerfs.examples.bench;

import com.google.gson.JsonObject;
import io.keplerfs.KeplerCluster;
import io.keplerfs.KeplerNode;
import io.keplerfs.KeplerOptions;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.OutputOptions;
import io.keplerfs.examples.console.Shell;
import io.keplerfs.examples.content.Ground;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kepler bench}: figures of one cluster, as {@code name: value unit} lines. */
@Command(
        name = "bench",
        description = {
            "Measures put and get of one big and many small files, with new incompressible content in every run.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  kepler bench                              three nodes in this JVM",
            "  kepler bench --nodes 1 --size 1000",
            "  kepler bench --url http://127.0.0.1:3001  a running cluster; its files stay in bucket kepler-bench"
        })
public final class BenchCommand implements Callable<Integer> {
    private static final String BUCKET = "kepler-bench";
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
    private static final long MEGABYTE = 1_000_000;

    @Option(names = "--url", paramLabel = "URL[,URL...]", description = "Measure this cluster through HTTP.")
    private Optional<String> url = Optional.empty();

    @Option(
            names = "--nodes",
            paramLabel = "N",
            description = "Nodes to start in this JVM without --url: 1 or 3 (default).")
    private int nodes = 3;

    @Option(names = "--size", paramLabel = "MB", description = "Size of the big file; default 300.")
    private int bigMegabytes = 300;

    @Option(names = "--small-size", paramLabel = "BYTES", description = "Size of each small file; default 4096.")
    private int smallBytes = 4096;

    @Option(names = "--small-count", paramLabel = "N", description = "Small files per step; default 2000.")
    private int smallCount = 2000;

    @Option(names = "--clients", paramLabel = "N,...", split = ",", description = "Callers at once; default 1,16,64.")
    private List<Integer> clients = new ArrayList<>(List.of(1, 16, 64));

    @Option(names = "--dir", paramLabel = "DIR", description = "Where the nodes keep their data; default: temporary.")
    private Optional<Path> directory = Optional.empty();

    @Mixin
    private final OutputOptions outputOptions = new OutputOptions();

    private final Shell shell;

    public BenchCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Bench.Plan plan = new Bench.Plan(bigMegabytes * MEGABYTE, smallBytes, smallCount, clients);
        if (nodes != 1 && nodes != 3) {
            throw new IllegalArgumentException("--nodes is " + nodes + ", allowed are 1 and 3");
        }
        Output output = outputOptions.on(shell);
        List<Figure> figures = new ArrayList<>();
        if (url.isPresent()) {
            try (KeplerCluster cluster = shell.connector().connect(url.get())) {
                measure(cluster, plan, output, figures);
            }
        } else {
            measureOwnCluster(plan, output, figures);
        }
        if (output.json()) {
            output.result(() -> "", () -> asJson(figures));
        }
        return ExitCode.OK.code();
    }

    private void measureOwnCluster(Bench.Plan plan, Output output, List<Figure> figures)
            throws IOException, InterruptedException {
        try (Ground ground = Ground.at("kepler-bench-", directory)) {
            List<KeplerNode> running = new CopyOnWriteArrayList<>();
            ground.closeAtShutdown(() -> running.forEach(KeplerNode::close));
            try {
                double seconds = start(running, ground.path());
                add(new Figure("start_to_ready", seconds, "s"), output, figures);
                measure(running.get(0).cluster(), plan, output, figures);
            } finally {
                running.forEach(KeplerNode::close);
            }
        }
    }

    private double start(List<KeplerNode> running, Path data) throws IOException, InterruptedException {
        long started = System.nanoTime();
        for (int i = 0; i < nodes; i++) {
            String label = "bench-" + (char) ('a' + i);
            KeplerOptions.Builder options = KeplerOptions.local(label, data.resolve(label));
            if (i > 0) {
                options.seeds("127.0.0.1:" + running.get(0).address().gossipPort());
            }
            running.add(shell.starter().start(options.build()));
        }
        for (KeplerNode node : running) {
            if (!node.awaitReady(START_TIMEOUT)) {
                throw new IOException(node.label() + " was not ready within " + START_TIMEOUT.toSeconds() + " s: "
                        + node.health().reason());
            }
        }
        return (System.nanoTime() - started) / 1e9;
    }

    private void measure(KeplerCluster cluster, Bench.Plan plan, Output output, List<Figure> figures)
            throws IOException, InterruptedException {
        long seed = System.nanoTime();
        output.note("content from seed " + seed);
        new Bench(cluster.createBucket(BUCKET), plan, seed, figure -> add(figure, output, figures)).run();
        add(new Figure("heap_used", ProcessUse.heapBytes() / 1e6, "MB"), output, figures);
        ProcessUse.residentBytes().ifPresent(bytes -> add(new Figure("rss", bytes / 1e6, "MB"), output, figures));
    }

    private static void add(Figure figure, Output output, List<Figure> figures) {
        figures.add(figure);
        output.line(figure.toString());
    }

    private static JsonObject asJson(List<Figure> figures) {
        JsonObject object = new JsonObject();
        for (Figure figure : figures) {
            JsonObject entry = new JsonObject();
            entry.addProperty("value", figure.value());
            entry.addProperty("unit", figure.unit());
            object.add(figure.name(), entry);
        }
        return object;
    }
}
