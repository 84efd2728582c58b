package io.keplerfs.examples.commands;

import io.keplerfs.KeplerCluster;
import io.keplerfs.RepairReport;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.JsonShapes;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.Shell;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kepler scrub}: short for {@code kepler repair} about the work "scrub". */
@Command(
        name = "scrub",
        description = "Shows and steers the re-reading of every chunk, which finds copies that have rotted on a disk.",
        footer = {
            "",
            "Examples:",
            "  kepler scrub                      how far every member is",
            "  kepler scrub start --node node-b  read everything again now",
            "  kepler scrub pause"
        })
public final class ScrubCommand extends ClientCommand {
    private static final String SCRUB = "scrub";

    /** What to do. */
    enum Action {
        status,
        start,
        pause,
        resume
    }

    @Parameters(
            index = "0",
            paramLabel = "status|start|pause|resume",
            defaultValue = "status",
            description = "Default: status.")
    private Action action = Action.status;

    @Option(
            names = "--node",
            split = ",",
            paramLabel = "NODE",
            description = "Label or id of the nodes meant; all members if it is left out.")
    private List<String> nodes = new ArrayList<>();

    public ScrubCommand(Shell shell) {
        super(shell);
    }

    @Override
    ExitCode run(KeplerCluster cluster, Output output) throws IOException {
        RepairReport report = action == Action.status
                ? cluster.repair().status()
                : RepairCommand.order(
                        cluster.repair(),
                        RepairCommand.Action.valueOf(action.name()),
                        SCRUB,
                        RepairCommand.ids(cluster, nodes));
        output.result(
                () -> RepairView.works(report, SCRUB) + RepairView.silent(report), () -> JsonShapes.repair(report));
        return ExitCode.OK;
    }
}
