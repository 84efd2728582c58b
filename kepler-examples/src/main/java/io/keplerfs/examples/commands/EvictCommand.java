package io.keplerfs.examples.commands;

import io.keplerfs.KeplerCluster;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.Shell;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code kepler evict}: removes a dead member now. */
@Command(
        name = "evict",
        description =
                "Removes a dead member from the view now, without waiting for EVICT_AFTER_S; refused for a live one.",
        footer = {"", "Example:", "  kepler evict node-c"})
public final class EvictCommand extends ViewCommand {
    @Parameters(paramLabel = "NODE", description = "Label or id of the node.")
    private String node = "";

    public EvictCommand(Shell shell) {
        super(shell);
    }

    @Override
    void change(KeplerCluster cluster, Output output) throws IOException {
        cluster.views().evict(find(cluster.views().status(), node));
    }
}
