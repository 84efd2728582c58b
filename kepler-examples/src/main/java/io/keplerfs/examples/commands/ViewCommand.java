package io.keplerfs.examples.commands;

import io.keplerfs.KeplerCluster;
import io.keplerfs.NotFoundException;
import io.keplerfs.ViewStatus;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.JsonShapes;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.Shell;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.util.List;

/** A command that changes the agreed view and shows what came of it. */
abstract class ViewCommand extends ClientCommand {
    ViewCommand(Shell shell) {
        super(shell);
    }

    @Override
    ExitCode run(KeplerCluster cluster, Output output) throws IOException {
        change(cluster, output);
        ViewStatus after = cluster.views().status();
        output.result(() -> StatusCommand.view(after), () -> JsonShapes.view(after));
        return ExitCode.OK;
    }

    abstract void change(KeplerCluster cluster, Output output) throws IOException;

    /** A member by its label or id; one that has departed by its id. */
    static NodeId find(ViewStatus view, String name) throws NotFoundException {
        List<NodeId> found = view.members().stream()
                .filter(member ->
                        member.label().equals(name) || member.id().toString().equals(name))
                .map(ViewStatus.Member::id)
                .toList();
        if (found.size() == 1) {
            return found.get(0);
        }
        return view.departed().stream()
                .filter(id -> id.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new NotFoundException("'" + name + "' is the label or id of " + found.size()
                        + " members of view " + view.epoch() + "; 'kepler status' lists them"));
    }
}
