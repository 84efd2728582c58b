package io.keplerfs.node;

import io.keplerfs.ClusterViews;
import io.keplerfs.ViewStatus;
import io.keplerfs.repair.Drain;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.View;
import io.keplerfs.view.ViewMember;
import io.keplerfs.view.ViewOperator;
import io.keplerfs.view.Views;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The views as this node serves them to operators. Any thread. */
final class NodeViews implements ClusterViews {
    private static final Duration TIMEOUT = Duration.ofSeconds(1);

    private final Rpc rpc;
    private final Views views;
    private final ViewOperator operator;

    NodeViews(Rpc rpc, Views views, ViewOperator operator) {
        this.rpc = rpc;
        this.views = views;
        this.operator = operator;
    }

    @Override
    public CompletableFuture<ViewStatus> statusAsync() {
        return views.ownership()
                .map(this::describe)
                .orElseGet(
                        () -> CompletableFuture.completedFuture(new ViewStatus(0, false, 0, 0, List.of(), List.of())));
    }

    private CompletableFuture<ViewStatus> describe(Ownership ownership) {
        View newest = ownership.newest();
        List<CompletableFuture<ViewStatus.Member>> asked = ownership.everybody().stream()
                .map(id -> newest.member(id)
                        .orElseGet(() -> ownership.current().member(id).orElseThrow()))
                .map(member -> describe(ownership, member))
                .toList();
        return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
                .thenApply(all -> new ViewStatus(
                        newest.epoch(),
                        ownership.next().isEmpty(),
                        newest.replication(),
                        newest.lineage(),
                        asked.stream()
                                .map(CompletableFuture::join)
                                .sorted(Comparator.comparing(ViewStatus.Member::label)
                                        .thenComparing(ViewStatus.Member::id))
                                .toList(),
                        newest.departed()));
    }

    private CompletableFuture<ViewStatus.Member> describe(Ownership ownership, ViewMember member) {
        ViewStatus.State state = !ownership.newest().has(member.id())
                ? ViewStatus.State.LEAVING
                : member.draining()
                        ? ViewStatus.State.DRAINING
                        : ownership.current().has(member.id()) ? ViewStatus.State.ACTIVE : ViewStatus.State.JOINING;
        return left(member)
                .thenApply(left -> new ViewStatus.Member(
                        member.id(), member.label(), member.zone(), member.weight(), state, left));
    }

    private CompletableFuture<Long> left(ViewMember member) {
        if (!member.draining() || !rpc.reachable(member.id())) {
            return CompletableFuture.completedFuture(Drain.NOT_DRAINING);
        }
        Message request =
                Message.of(new WireWriter().u8(Kind.DRAIN_PROGRESS.code()).toBuffer());
        return rpc.call(member.id(), Lane.CONTROL, request, TIMEOUT)
                .thenApply(answer -> new WireReader(answer.head()).int64())
                .exceptionally(silent -> Drain.NOT_DRAINING);
    }

    @Override
    public CompletableFuture<Void> drainAsync(NodeId node) {
        return operator.drain(node).thenAccept(agreed -> {});
    }

    @Override
    public CompletableFuture<Void> cancelDrainAsync(NodeId node) {
        return operator.cancelDrain(node).thenAccept(agreed -> {});
    }

    @Override
    public CompletableFuture<Void> evictAsync(NodeId node) {
        return operator.evict(node).thenAccept(agreed -> {});
    }

    @Override
    public CompletableFuture<Void> forceAsync(List<NodeId> survivors) {
        return operator.force(survivors).thenAccept(forced -> {});
    }
}
