package io.keplerfs.examples.commands;

import io.keplerfs.KeplerCluster;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.Shell;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code kepler mb}: makes buckets. */
@Command(
        name = "mb",
        description = "Makes buckets; one that exists already is fine.",
        footer = {"", "Example:", "  kepler mb photos reports"})
public final class MbCommand extends ClientCommand {
    @Parameters(arity = "1..*", paramLabel = "BUCKET", description = "3 to 63 of a-z 0-9 . -")
    private List<String> names = new ArrayList<>();

    public MbCommand(Shell shell) {
        super(shell);
    }

    @Override
    ExitCode run(KeplerCluster cluster, Output output) throws IOException {
        for (String name : names) {
            create(cluster, name, output);
        }
        return ExitCode.OK;
    }

    static void create(KeplerCluster cluster, String name, Output output) throws IOException {
        cluster.createBucket(name);
        output.result(() -> "bucket " + name + " is there", () -> BucketsCommand.named("created", name));
    }
}
