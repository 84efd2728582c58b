package io.keplerfs.examples.commands;

import io.keplerfs.ClusterViews;
import io.keplerfs.KeplerCluster;
import io.keplerfs.UnavailableException;
import io.keplerfs.ViewStatus;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.Shell;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kepler drain}: takes a live node away without losing a copy. */
@Command(
        name = "drain",
        description = {
            "Takes a live node out of the cluster without losing a copy: it owns nothing any more, hands over what it holds, and",
            "is removed from the view when every owner has it. Then stop it."
        },
        footer = {
            "",
            "Examples:",
            "  kepler drain node-c --wait",
            "  kepler drain node-c --cancel      make it an owner again"
        })
public final class DrainCommand extends ViewCommand {
    private static final long LOOK_EVERY_MILLIS = 1_000;

    @Parameters(paramLabel = "NODE", description = "Label or id of the node.")
    private String node = "";

    @Option(names = "--wait", description = "Return only when the node has been removed, and show how much is left.")
    private boolean wait;

    @Option(names = "--cancel", description = "End the drain, or let a node in again that was drained and removed.")
    private boolean cancel;

    public DrainCommand(Shell shell) {
        super(shell);
    }

    @Override
    void check() {
        if (wait && cancel) {
            throw new IllegalArgumentException("--wait and --cancel contradict each other");
        }
    }

    @Override
    void change(KeplerCluster cluster, Output output) throws IOException {
        ClusterViews views = cluster.views();
        NodeId id = find(views.status(), node);
        if (cancel) {
            views.cancelDrain(id);
            return;
        }
        views.drain(id);
        if (wait) {
            awaitRemoval(views, id);
        }
    }

    private void awaitRemoval(ClusterViews views, NodeId id) throws IOException {
        long told = Long.MIN_VALUE;
        for (ViewStatus now = views.status(); !isGone(now, id); now = views.status()) {
            Optional<ViewStatus.Member> member =
                    now.members().stream().filter(one -> one.id().equals(id)).findFirst();
            if (now.settled()
                    && member.map(one -> one.state() == ViewStatus.State.ACTIVE).orElse(true)) {
                throw new UnavailableException("the drain of " + node + " was cancelled, or the node evicted");
            }
            long left = member.map(ViewStatus.Member::leftToHandOver).orElse(-1L);
            if (left != told && left >= 0) {
                shell().err().println(node + ": " + left + " chunks and manifests to hand over");
                told = left;
            }
            pause();
        }
        shell().err().println(node + " owns and holds nothing that others lack: it can be stopped");
    }

    private static boolean isGone(ViewStatus view, NodeId id) {
        return view.settled() && view.departed().contains(id);
    }

    private static void pause() throws InterruptedIOException {
        try {
            boolean never = new CountDownLatch(1).await(LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
            assert !never;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted; the drain goes on");
        }
    }
}
