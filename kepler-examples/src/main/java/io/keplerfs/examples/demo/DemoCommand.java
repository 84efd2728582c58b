package io.keplerfs.examples.demo;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.keplerfs.examples.console.Amounts;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.OutputOptions;
import io.keplerfs.examples.console.Shell;
import io.keplerfs.examples.console.Table;
import io.keplerfs.examples.content.Ground;
import io.keplerfs.examples.content.Source;
import io.keplerfs.examples.demo.Corpus.Extent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kepler demo}: shows on real files that the promises hold. */
@Command(
        name = "demo",
        description = {
            "Starts three nodes on free loopback ports, stores real files, reads them back through another node, kills one "
                    + "node, goes on, takes it back, and compares every byte. Exits 0 only if all were equal.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  kepler demo                 the running JDK's own files",
            "  kepler demo --small         about 60 MB of them",
            "  kepler demo ~/Pictures      your own",
            "  kepler demo --stay          leaves the cluster running until Ctrl-C"
        })
public final class DemoCommand implements Callable<Integer> {
    private static final int SHOWN_PROBLEMS = 5;
    /** Three nodes on one disk, and a little for databases and directories. */
    private static final double DISK_FACTOR = 3.3;

    @Parameters(arity = "0..*", paramLabel = "FILE|DIR", description = "What to store; default: the running JDK.")
    private List<Path> paths = new ArrayList<>();

    @Option(names = "--small", description = "Limits the default set to about 60 MB and a few hundred small files.")
    private boolean small;

    @Option(names = "--stay", description = "Leave the cluster running and print its addresses.")
    private boolean stay;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description = "Keep the nodes' data here; default: a temporary directory.")
    private Optional<Path> directory = Optional.empty();

    @Mixin
    private final OutputOptions outputOptions = new OutputOptions();

    private final Shell shell;

    public DemoCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Output output = outputOptions.on(shell);
        Extent extent = small ? Extent.SMALL : Extent.FULL;
        long seed = System.nanoTime();
        List<Source> files = paths.isEmpty() ? Corpus.ofThisJdk(extent) : Corpus.of(paths);
        List<Source> outageFiles = Corpus.forTheOutage(seed, extent);
        output.line("storing " + files.size() + " files, " + Amounts.bytes(Corpus.bytes(files)) + " of "
                + (paths.isEmpty() ? "the running JDK" : paths) + "; later " + outageFiles.size() + " more, "
                + Amounts.bytes(Corpus.bytes(outageFiles)) + " from seed " + seed);
        try (Ground ground = Ground.at("kepler-demo-", directory)) {
            requireSpace(ground.path(), Corpus.bytes(files) + Corpus.bytes(outageFiles));
            return play(ground, output, files, outageFiles, seed).code();
        }
    }

    private ExitCode play(Ground ground, Output output, List<Source> files, List<Source> outageFiles, long seed)
            throws IOException, InterruptedException {
        try (Trio trio = new Trio(shell, ground.path(), output, new SplittableRandom(seed))) {
            ground.closeAtShutdown(trio::close);
            List<Phase> phases = new Demo(trio, output).run(files, outageFiles);
            boolean ok = phases.stream().allMatch(Phase::ok);
            output.result(() -> text(phases, ok), () -> asJson(phases, ok));
            if (stay) {
                output.note("still running, Ctrl-C ends it: " + String.join("  ", trio.urls()));
                output.note("try: kepler ls demo --url " + trio.urlC());
                new CountDownLatch(1).await();
            }
            return ok ? ExitCode.OK : ExitCode.FAILED;
        }
    }

    private static void requireSpace(Path directory, long bytes) throws IOException {
        long needed = (long) (bytes * DISK_FACTOR);
        long free = Files.getFileStore(directory).getUsableSpace();
        if (free < needed) {
            throw new IOException("three copies need " + Amounts.bytes(needed) + " in " + directory + ", but only "
                    + Amounts.bytes(free) + " are free; use --small, other files, or --dir on another disk");
        }
    }

    private static String text(List<Phase> phases, boolean ok) {
        Table table = new Table("PHASE", "FILES", "SIZE", "TIME", "RATE", "VERDICT");
        for (Phase phase : phases) {
            table.row(
                    phase.name(),
                    Integer.toString(phase.files()),
                    Amounts.bytes(phase.bytes()),
                    Amounts.seconds(phase.nanos()),
                    Amounts.rate(phase.bytes(), phase.nanos()),
                    phase.verdict());
        }
        StringBuilder text = new StringBuilder("\n").append(table).append('\n');
        for (Phase phase : phases) {
            phase.problems().stream()
                    .limit(SHOWN_PROBLEMS)
                    .forEach(problem ->
                            text.append("\n").append(phase.name()).append(": ").append(problem));
        }
        return text.append(ok ? "\nEvery byte compared equal." : "\nNOT everything was as it must be.")
                .toString();
    }

    private static JsonObject asJson(List<Phase> phases, boolean ok) {
        JsonObject object = new JsonObject();
        object.addProperty("ok", ok);
        JsonArray array = new JsonArray();
        phases.forEach(phase -> array.add(phase.asJson()));
        object.add("phases", array);
        return object;
    }
}
