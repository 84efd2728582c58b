package io.keplerfs.examples.commands;

import io.keplerfs.KeplerCluster;
import io.keplerfs.ViewStatus;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.Shell;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code kepler force-view}: goes on after a majority was lost for good. */
@Command(
        name = "force-view",
        description = {
            "LOSES DATA. Goes on with the named survivors when a majority is gone for good. Every acknowledged write of which no",
            "survivor has a copy is lost; nodes that come back later join empty. Run it once, on one surviving node, and never",
            "while the others may still be running on their own side of a broken network."
        },
        footer = {"", "Example (on node-a):", "  kepler force-view --survivors node-a,node-b --i-accept-data-loss"})
public final class ForceViewCommand extends ViewCommand {
    @Option(
            names = "--survivors",
            required = true,
            split = ",",
            paramLabel = "NODE",
            description = "Labels or ids of all nodes that still run, this one included.")
    private List<String> survivors = new ArrayList<>();

    @Option(names = "--i-accept-data-loss", description = "Required.")
    private boolean accepted;

    public ForceViewCommand(Shell shell) {
        super(shell);
    }

    @Override
    void check() {
        if (!accepted) {
            throw new IllegalArgumentException("a forced view loses what only the lost nodes had: read "
                    + "docs/operations.md, then say --i-accept-data-loss");
        }
    }

    @Override
    void change(KeplerCluster cluster, Output output) throws IOException {
        ViewStatus view = cluster.views().status();
        List<NodeId> nodes = new ArrayList<>();
        for (String name : survivors) {
            nodes.add(find(view, name));
        }
        cluster.views().force(nodes);
    }
}
