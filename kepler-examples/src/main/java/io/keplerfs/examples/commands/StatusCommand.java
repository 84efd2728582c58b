package io.keplerfs.examples.commands;

import com.google.gson.JsonObject;
import io.keplerfs.ClusterStatus;
import io.keplerfs.KeplerCluster;
import io.keplerfs.Member;
import io.keplerfs.ViewStatus;
import io.keplerfs.examples.console.Amounts;
import io.keplerfs.examples.console.ExitCode;
import io.keplerfs.examples.console.JsonShapes;
import io.keplerfs.examples.console.Output;
import io.keplerfs.examples.console.Shell;
import io.keplerfs.examples.console.Table;
import io.keplerfs.values.Contact;
import io.keplerfs.values.NodeAddress;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;

/** {@code kepler status}: the members and what they hold, as the answering node sees it. */
@Command(
        name = "status",
        description = "Shows the members of the cluster, their state and what they hold.",
        footer = {
            "",
            "HEARD: time since the answering node (*) heard from that node itself. RTT: how long its probes take there and back."
                    + " INC: incarnation, rises when that node restarts or refutes a suspicion.",
            "",
            "Examples:",
            "  kepler status",
            "  kepler status --json --url http://127.0.0.1:3002"
        })
public final class StatusCommand extends ClientCommand {
    private static final int SHORT_ID = 8;

    public StatusCommand(Shell shell) {
        super(shell);
    }

    @Override
    ExitCode run(KeplerCluster cluster, Output output) throws IOException {
        ClusterStatus status = cluster.status();
        ViewStatus view = cluster.views().status();
        Optional<String> repair = RepairView.line(cluster.repair().status());
        output.result(() -> text(status, repair) + "\n\n" + view(view), () -> {
            JsonObject shape = JsonShapes.status(status);
            shape.add("view", JsonShapes.view(view));
            return shape;
        });
        return ExitCode.OK;
    }

    private static String text(ClusterStatus status, Optional<String> repair) {
        Table table = new Table(
                "NODE", "ID", "STATE", "ZONE", "WEIGHT", "SHARE", "CHUNKS", "BYTES", "HEARD", "RTT", "INC", "ADDRESS");
        status.members().forEach(member -> row(table, member, member.id().equals(status.self())));
        return "cluster " + (status.clusterId().isEmpty() ? "(not joined yet)" : status.clusterId()) + ", epoch "
                + status.epoch() + (status.settled() ? "" : " (ownership is moving)") + ", "
                + status.replicationFactor() + " copies, " + status.queued() + " queued on the answering node (*)"
                + (status.queuedCopies() == 0 ? "" : ", " + status.queuedCopies() + " of them copies of chunks") + "\n"
                + repair.map(line -> line + "\n").orElse("")
                + health(status.localHealth())
                + table;
    }

    /** Nothing while all is well: a line that always stands there is not read. */
    private static String health(int score) {
        return score == 0
                ? ""
                : "local health " + score
                        + " of 8: the answering node itself is slow or badly connected; it takes more time"
                        + " before it accuses others\n";
    }

    /** The agreed view in words; also what commands that change it end with. */
    static String view(ViewStatus view) {
        Table table = new Table("VIEW " + view.epoch(), "STATE", "ZONE", "WEIGHT", "TO HAND OVER");
        view.members()
                .forEach(member -> table.row(
                        member.label(),
                        member.state().name().toLowerCase(Locale.ROOT),
                        member.zone().isEmpty() ? "-" : member.zone(),
                        Integer.toString(member.weight()),
                        member.leftToHandOver() < 0 ? "-" : Long.toString(member.leftToHandOver())));
        return table
                + (view.settled() ? "" : "\nownership is moving to this view")
                + (view.departed().isEmpty() ? "" : "\ndrained and removed: " + view.departed());
    }

    private static void row(Table table, Member member, boolean self) {
        NodeAddress address = member.address();
        table.row(
                member.label() + (self ? " *" : ""),
                member.id().toString().substring(0, SHORT_ID),
                member.state().name().toLowerCase(Locale.ROOT) + (member.owner() ? "" : ", owns nothing"),
                member.zone().isEmpty() ? "-" : member.zone(),
                Integer.toString(member.weight()),
                String.format(Locale.ROOT, "%.1f %%", member.ringShare() * 100),
                Amounts.count(member.chunks()),
                Amounts.bytes(member.bytesUsed()),
                member.contact()
                        .map(contact -> Amounts.seconds(contact.sinceHeard().toNanos()))
                        .orElse("-"),
                member.contact()
                        .flatMap(Contact::roundTrip)
                        .map(time -> Amounts.millis(time.toNanos()))
                        .orElse("-"),
                Long.toString(member.incarnation()),
                address.host() + " http " + address.httpPort() + " gossip " + address.gossipPort() + " transfer "
                        + address.transferPort());
    }
}
