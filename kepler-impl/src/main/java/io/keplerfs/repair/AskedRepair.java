package io.keplerfs.repair;

import io.keplerfs.ClusterRepair;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.RepairReport;
import io.keplerfs.RepairStatus;
import io.keplerfs.UnavailableException;
import io.keplerfs.repair.RepairMessages.Order;
import io.keplerfs.repair.RepairMessages.Request;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Lane;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.Views;
import io.keplerfs.wire.WireReader;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** The members' repair, by asking each member at its {@link RepairDesk}. Any thread. */
public final class AskedRepair implements ClusterRepair {
    private static final Duration TIMEOUT = Duration.ofSeconds(3);

    private final Rpc rpc;
    private final Views views;
    private final Function<NodeId, String> labels;

    /** @param labels the label of a member, empty if it is not known */
    public AskedRepair(Rpc rpc, Views views, Function<NodeId, String> labels) {
        this.rpc = rpc;
        this.views = views;
        this.labels = labels;
    }

    @Override
    public CompletableFuture<RepairReport> statusAsync() {
        return ask(new Request(Order.TELL, "", 0), List.of());
    }

    @Override
    public CompletableFuture<RepairReport> startAsync(String work, List<NodeId> nodes) {
        return ask(new Request(Order.START, work, 0), nodes);
    }

    @Override
    public CompletableFuture<RepairReport> pauseAsync(String work, List<NodeId> nodes) {
        return ask(new Request(Order.PAUSE, work, 0), nodes);
    }

    @Override
    public CompletableFuture<RepairReport> resumeAsync(String work, List<NodeId> nodes) {
        return ask(new Request(Order.RESUME, work, 0), nodes);
    }

    @Override
    public CompletableFuture<RepairReport> throttleAsync(long bytesPerSecond, List<NodeId> nodes) {
        return ask(new Request(Order.THROTTLE, "", bytesPerSecond), nodes);
    }

    /** What became of one node: its status, why it refuses, or neither when it is silent. */
    private record Answer(NodeId node, Optional<RepairStatus> status, Optional<InvalidRequestException> refusal) {}

    private CompletableFuture<RepairReport> ask(Request request, List<NodeId> named) {
        Set<NodeId> all = new LinkedHashSet<>(named);
        if (named.isEmpty()) {
            all.add(rpc.self());
            views.ownership().map(Ownership::everybody).ifPresent(all::addAll);
        }
        List<CompletableFuture<Answer>> asked =
                all.stream().map(node -> ask(request, node)).toList();
        return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
                .thenCompose(done ->
                        report(asked.stream().map(CompletableFuture::join).toList(), named));
    }

    private CompletableFuture<Answer> ask(Request request, NodeId node) {
        if (!rpc.reachable(node)) {
            return CompletableFuture.completedFuture(new Answer(node, Optional.empty(), Optional.empty()));
        }
        return rpc.call(node, Lane.CONTROL, RepairMessages.write(request), TIMEOUT)
                .thenApply(answer -> read(node, new WireReader(answer.head())))
                .exceptionally(silent -> new Answer(node, Optional.empty(), Optional.empty()));
    }

    private Answer read(NodeId node, WireReader in) {
        try {
            RepairStatus status = RepairMessages.readAnswer(in, node).labelled(labels.apply(node));
            return new Answer(node, Optional.of(status), Optional.empty());
        } catch (InvalidRequestException refused) {
            return new Answer(node, Optional.empty(), Optional.of(refused));
        }
    }

    private static CompletableFuture<RepairReport> report(List<Answer> answers, List<NodeId> named) {
        Optional<InvalidRequestException> refusal =
                answers.stream().flatMap(answer -> answer.refusal().stream()).findFirst();
        if (refusal.isPresent()) {
            return CompletableFuture.failedFuture(refusal.get());
        }
        List<NodeId> silent = answers.stream()
                .filter(answer -> answer.status().isEmpty())
                .map(Answer::node)
                .toList();
        if (!named.isEmpty() && !silent.isEmpty()) {
            return CompletableFuture.failedFuture(new UnavailableException(
                    "no answer from " + silent + ": whether they follow the order is not known, the others do"));
        }
        return CompletableFuture.completedFuture(new RepairReport(
                answers.stream()
                        .flatMap(answer -> answer.status().stream())
                        .sorted(Comparator.comparing(RepairStatus::label).thenComparing(RepairStatus::node))
                        .toList(),
                silent));
    }
}
