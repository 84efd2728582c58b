package io.keplerfs.examples.commands;

import io.keplerfs.RepairReport;
import io.keplerfs.RepairStatus;
import io.keplerfs.RepairWork;
import io.keplerfs.examples.console.Amounts;
import io.keplerfs.examples.console.Table;
import java.time.Duration;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** The repair of a cluster in words. */
final class RepairView {
    private RepairView() {}

    /** Every node's copies, then every node's works. */
    static String text(RepairReport report) {
        Table nodes = new Table(
                "NODE", "LACK A COPY", "COPIES", "BYTES", "RATE", "LEFT", "CAP", "SMALL", "TRASH", "NOT NEEDED");
        for (RepairStatus node : report.nodes()) {
            nodes.row(
                    node.label(),
                    Long.toString(node.underReplicatedChunks()),
                    Long.toString(node.copiesLeft()),
                    Amounts.bytes(node.bytesLeft()),
                    rate(node.copyBytesPerSecond()),
                    node.copiesLeft() == 0 ? "-" : time(node.remaining()),
                    rate(node.bandwidthBytesPerSecond()),
                    Long.toString(node.smallTasksLeft()),
                    Amounts.bytes(node.trashBytes()),
                    Amounts.bytes(node.unreferencedBytes()));
        }
        return nodes + "\n\n" + works(report, "") + silent(report);
    }

    /** @param only name of the work to show, empty for all */
    static String works(RepairReport report, String only) {
        Table works =
                new Table("NODE", "WORK", "STATE", "DONE", "OF", "BYTES", "RATE", "LEFT", "FOUND", "LAST ROUND ENDED");
        for (RepairStatus node : report.nodes()) {
            for (RepairWork work : node.works()) {
                if (only.isEmpty() || work.name().equals(only)) {
                    row(works, node.label(), work);
                }
            }
        }
        return works.toString();
    }

    private static void row(Table works, String label, RepairWork work) {
        works.row(
                label,
                work.name(),
                work.state().name().toLowerCase(Locale.ROOT),
                Long.toString(work.done()),
                Long.toString(work.total()),
                Amounts.bytes(work.totalBytes() - work.doneBytes()),
                rate(work.bytesPerSecond()),
                work.state() == RepairWork.State.RUNNING ? time(work.remaining()) : "-",
                Long.toString(work.found()),
                work.lastFinished().map(Object::toString).orElse("-"));
    }

    static String silent(RepairReport report) {
        return report.silent().isEmpty() ? "" : "\nno answer from " + report.silent();
    }

    /** One line for the status of the cluster, nothing while there is nothing to repair. */
    static Optional<String> line(RepairReport report) {
        long copies =
                report.nodes().stream().mapToLong(RepairStatus::copiesLeft).sum();
        if (copies == 0) {
            return Optional.empty();
        }
        long lacking = report.nodes().stream()
                .mapToLong(RepairStatus::underReplicatedChunks)
                .sum();
        long bytes = report.nodes().stream().mapToLong(RepairStatus::bytesLeft).sum();
        long rate = report.nodes().stream()
                .mapToLong(RepairStatus::copyBytesPerSecond)
                .sum();
        Optional<Duration> longest = report.nodes().stream()
                .filter(node -> node.copiesLeft() > 0)
                .flatMap(node -> node.remaining().stream())
                .max(Comparator.naturalOrder());
        boolean paused = report.nodes().stream()
                .flatMap(node -> node.work(RepairStatus.QUEUE).stream())
                .anyMatch(work -> work.state() == RepairWork.State.PAUSED);
        return Optional.of("repair: at most " + lacking + " chunks lack a copy, " + copies + " copies to make, "
                + Amounts.bytes(bytes) + ", " + rate(rate) + ", " + time(longest) + " left"
                + (paused ? "; PAUSED on some nodes" : "")
                + (report.silent().isEmpty()
                        ? ""
                        : "; " + report.silent().size() + " members do not answer and may know of more"));
    }

    private static String rate(long bytesPerSecond) {
        return bytesPerSecond == 0 ? "-" : Amounts.bytes(bytesPerSecond) + "/s";
    }

    private static String time(Optional<Duration> left) {
        return left.map(duration -> Amounts.seconds(duration.toNanos())).orElse("unknown time");
    }
}
