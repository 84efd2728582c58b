package io.keplerfs.examples.commands;

import io.keplerfs.ClusterRepair;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.KeplerCluster;
import io.keplerfs.RepairReport;
import io.keplerfs.ViewStatus;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.JsonShapes;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.Shell;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kepler repair}: what the members do for the safety of the data. */
@Command(
        name = "repair",
        description = "Shows and steers what every member does for the safety of the data.",
        footer = {
            "",
            "LACK A COPY: chunks with fewer copies than wanted, as far as that node knows; several nodes may know of the same.",
            "",
            "Examples:",
            "  kepler repair                     what is left, with rate and time",
            "  kepler repair --wait              return when no copy is left to make",
            "  kepler repair throttle 20MB       bytes per second and node, until it restarts",
            "  kepler repair pause queue --node node-c",
            "  kepler repair start               every work, now"
        })
public final class RepairCommand extends ClientCommand {
    private static final Pattern RATE = Pattern.compile("(\\d{1,12})(|B|kB|MB|GB)");

    /** What to do. */
    enum Action {
        status,
        start,
        pause,
        resume,
        throttle
    }

    @Parameters(
            index = "0",
            paramLabel = "status|start|pause|resume|throttle",
            defaultValue = "status",
            description = "Default: status.")
    private Action action = Action.status;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "WORK|RATE",
            description = "Name of the work, all if it is left out; for throttle bytes per second, such as 20MB.")
    private String subject = "";

    @Option(
            names = "--node",
            split = ",",
            paramLabel = "NODE",
            description = "Label or id of the nodes meant; all members if it is left out.")
    private List<String> nodes = new ArrayList<>();

    @Option(
            names = "--wait",
            description =
                    "Return only when every member answers, ownership has settled and nobody has a copy left to make for"
                            + " ten seconds, and show how it gets on. Fails when a member is silent for a minute.")
    private boolean wait;

    public RepairCommand(Shell shell) {
        super(shell);
    }

    @Override
    void check() {
        if (action == Action.status && !subject.isEmpty()) {
            throw new IllegalArgumentException("'kepler repair status' takes no second word; it shows every work");
        } else if (action == Action.throttle) {
            rate();
        }
    }

    private long rate() {
        Matcher rate = RATE.matcher(subject);
        if (!rate.matches()) {
            throw new IllegalArgumentException(
                    "'" + subject + "' is no rate; write bytes per second such as 20MB, 500kB or 1GB");
        }
        long unit = switch (rate.group(2)) {
            case "kB" -> 1_000L;
            case "MB" -> 1_000_000L;
            case "GB" -> 1_000_000_000L;
            default -> 1L;
        };
        return Math.multiplyExact(Long.parseLong(rate.group(1)), unit);
    }

    @Override
    ExitCode run(KeplerCluster cluster, Output output) throws IOException {
        RepairReport report = report(cluster);
        if (wait) {
            report = new RepairWait(cluster.repair(), cluster.views(), output::note, RepairCommand::pause).untilDone();
        }
        RepairReport shown = only(report, ids(cluster));
        output.result(() -> RepairView.text(shown), () -> JsonShapes.repair(shown));
        return ExitCode.OK;
    }

    private RepairReport report(KeplerCluster cluster) throws IOException {
        ClusterRepair repair = cluster.repair();
        return switch (action) {
            case status -> repair.status();
            case throttle -> repair.throttle(rate(), ids(cluster));
            case start, pause, resume -> order(repair, action, subject, ids(cluster));
        };
    }

    /** To one work, or to each that some node has. */
    static RepairReport order(ClusterRepair repair, Action action, String work, NodeId... nodes) throws IOException {
        RepairReport report = repair.status();
        TreeSet<String> works = new TreeSet<>();
        if (!work.isEmpty()) {
            works.add(work);
        } else {
            report.nodes().forEach(node -> node.works().forEach(one -> works.add(one.name())));
        }
        for (String one : works) {
            report = switch (action) {
                case start -> repair.start(one, nodes);
                case pause -> repair.pause(one, nodes);
                case resume -> repair.resume(one, nodes);
                case status, throttle -> throw new InvalidRequestException(action + " is no order about a work");
            };
        }
        return report;
    }

    private NodeId[] ids(KeplerCluster cluster) throws IOException {
        return ids(cluster, nodes);
    }

    static NodeId[] ids(KeplerCluster cluster, List<String> names) throws IOException {
        List<NodeId> ids = new ArrayList<>();
        if (!names.isEmpty()) {
            ViewStatus view = cluster.views().status();
            for (String name : names) {
                ids.add(ViewCommand.find(view, name));
            }
        }
        return ids.toArray(NodeId[]::new);
    }

    private static RepairReport only(RepairReport report, NodeId... ids) {
        List<NodeId> wanted = List.of(ids);
        return wanted.isEmpty()
                ? report
                : new RepairReport(
                        report.nodes().stream()
                                .filter(node -> wanted.contains(node.node()))
                                .toList(),
                        report.silent().stream().filter(wanted::contains).toList());
    }

    private static void pause() throws InterruptedIOException {
        try {
            boolean never = new CountDownLatch(1).await(RepairWait.LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
            assert !never;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted; the repair goes on");
        }
    }
}
