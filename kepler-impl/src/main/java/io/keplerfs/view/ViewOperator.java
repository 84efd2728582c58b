package io.keplerfs.view;

import io.keplerfs.PreconditionFailedException;
import io.keplerfs.UnavailableException;
import io.keplerfs.loop.Loop;
import io.keplerfs.ring.Ring;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What an operator may change about the view. Every method may be called from any thread. */
public final class ViewOperator {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(20);
    private static final Logger log = LoggerFactory.getLogger(ViewOperator.class);

    private final Loop loop;
    private final Rpc rpc;
    private final Views views;
    private final ViewProposer proposer;
    private final Supplier<List<MemberInfo>> membership;

    public ViewOperator(Loop loop, Rpc rpc, Views views, ViewProposer proposer, Supplier<List<MemberInfo>> membership) {
        this.loop = loop;
        this.rpc = rpc;
        this.views = views;
        this.proposer = proposer;
        this.membership = membership;
    }

    /**
     * Lets a member own nothing any more, so that it can be taken away once the owners have what it holds. Done when it is
     * agreed. Refused if fewer owners than copies would remain.
     */
    public CompletableFuture<View> drain(NodeId node) {
        return proposer.ask(current -> drained(current, node), TIMEOUT);
    }

    private static View drained(View current, NodeId node) throws PreconditionFailedException {
        if (current.departed().contains(node) && !current.has(node)) {
            return current;
        }
        ViewMember member = required(current, node);
        if (!member.draining() && !NextView.staysAboveN(current, node)) {
            throw new PreconditionFailedException("node " + member.label() + " cannot be drained: "
                    + (current.activeMembers() - 1) + " owners would remain for " + current.replication()
                    + " copies of everything; add a node first");
        }
        return current.successor(replace(current, node, that -> that.withDraining(true)));
    }

    /** Makes a draining member an owner again, or lets one in again that was drained and removed. Done when it is agreed. */
    public CompletableFuture<View> cancelDrain(NodeId node) {
        return proposer.ask(
                current -> {
                    List<NodeId> departed = current.departed().stream()
                            .filter(id -> !id.equals(node))
                            .toList();
                    return current.successor(replace(current, node, that -> that.withDraining(false)), departed);
                },
                TIMEOUT);
    }

    /**
     * Removes a member that has handed over everything to the owners of this view. Called by that member itself. Done when it is
     * agreed, or when there is another view by now, whose owners have to be asked anew.
     */
    public CompletableFuture<View> removeDrained(NodeId node, View verified) {
        return proposer.ask(
                current -> {
                    boolean stillAsked =
                            current.member(node).filter(ViewMember::draining).isPresent();
                    if (!stillAsked || current.epoch() != verified.epoch()) {
                        return current;
                    }
                    List<NodeId> departed = new ArrayList<>(current.departed());
                    departed.add(node);
                    return current.successor(without(current, node), departed);
                },
                TIMEOUT);
    }

    /**
     * Removes a dead member now instead of after its time. Done when it is agreed. Refused for one that is alive or suspected,
     * and if fewer owners than copies would remain.
     */
    public CompletableFuture<View> evict(NodeId node) {
        return proposer.ask(current -> current.has(node) ? evicted(current, node) : current, TIMEOUT);
    }

    private View evicted(View current, NodeId node) throws PreconditionFailedException {
        ViewMember member = required(current, node);
        if (node.equals(rpc.self()) || !Deaths.isGone(seen(node).orElse(null))) {
            throw new PreconditionFailedException("node " + member.label()
                    + " is not dead: drain it to take a live node away, or stop it and wait until it counts as dead");
        }
        if (!NextView.staysAboveN(current, node)) {
            throw new PreconditionFailedException("node " + member.label() + " cannot be evicted: "
                    + (current.activeMembers() - 1) + " owners would remain for " + current.replication()
                    + " copies of everything; add a node first");
        }
        return current.successor(without(current, node));
    }

    /**
     * Goes on without a majority that is gone for good: a new view of the survivors, agreed by nobody else. What only the others
     * had is lost, and so is every acknowledged write of which no survivor has a copy. Done when this node has entered it.
     *
     * <p>Refused unless this node is among the survivors, all survivors answer, all members that are alive are named, and
     * without the others some owner set or the voters have lost their majority.
     */
    public CompletableFuture<View> force(List<NodeId> survivors) {
        Set<NodeId> named = new LinkedHashSet<>(survivors);
        CompletableFuture<View> forced = new CompletableFuture<>();
        loop.execute(() -> {
            CompletableFuture<?>[] asked = named.stream()
                    .filter(id -> !id.equals(rpc.self()))
                    .map(views::ask)
                    .toArray(CompletableFuture[]::new);
            loop.when(CompletableFuture.allOf(asked), (all, failure) -> {
                if (failure != null) {
                    forced.completeExceptionally(new PreconditionFailedException(
                            "not every survivor answers: " + failure.getMessage() + "; name only nodes that run"));
                } else {
                    force(named, forced);
                }
            });
        });
        return forced;
    }

    private void force(Set<NodeId> named, CompletableFuture<View> forced) {
        try {
            Ownership known = views.newest()
                    .orElseThrow(() -> new PreconditionFailedException("this node has no view that could be forced"));
            checkForce(known, named);
            List<ViewMember> survivors = named.stream()
                    .map(id ->
                            known.newest().member(id).or(() -> known.current().member(id)))
                    .flatMap(Optional::stream)
                    .map(member -> member.withDraining(false))
                    .toList();
            log.warn("forcing a view of {} in the place of {}", survivors, known.newest());
            views.force(survivors);
            awaitLineage(known.lineage(), loop.nanoTime() + TIMEOUT.toNanos(), forced);
        } catch (PreconditionFailedException refused) {
            forced.completeExceptionally(refused);
        }
    }

    /** Until the new history is durable here. */
    private void awaitLineage(long before, long deadlineNanos, CompletableFuture<View> forced) {
        Optional<View> entered = views.ownership().map(Ownership::newest).filter(view -> view.lineage() > before);
        if (entered.isPresent()) {
            forced.complete(entered.get());
        } else if (loop.nanoTime() > deadlineNanos) {
            forced.completeExceptionally(
                    new UnavailableException("the forced view cannot be stored: look at the disk of this node"));
        } else {
            loop.schedule(LOOK_AGAIN, () -> awaitLineage(before, deadlineNanos, forced));
        }
    }

    private void checkForce(Ownership known, Set<NodeId> named) throws PreconditionFailedException {
        if (!named.contains(rpc.self())) {
            throw new PreconditionFailedException("a view is forced on one of its survivors, this node is not named");
        }
        for (NodeId id : named) {
            if (!known.everybody().contains(id)) {
                throw new PreconditionFailedException("node " + id + " is no member of " + known.newest());
            }
        }
        for (NodeId id : known.everybody()) {
            if (!named.contains(id) && !Deaths.isGone(seen(id).orElse(null))) {
                throw new PreconditionFailedException(
                        "node " + id + " is not dead and not named: name it, or stop it if it shall be given up");
            }
        }
        if (!somethingIsLost(known, named)) {
            throw new PreconditionFailedException(
                    "nothing forces anybody: the survivors are a majority of the voters and "
                            + "of the owners of every partition; evict the dead members instead");
        }
    }

    private static boolean somethingIsLost(Ownership known, Set<NodeId> named) {
        List<NodeId> voters = known.current().ring().voters(Views.MOST_VOTERS);
        if (isMinority(voters, named)) {
            return true;
        }
        for (int partition = 0; partition < known.current().ring().partitions(); partition++) {
            if (known.ownerSets(partition).stream().anyMatch(owners -> isMinority(owners, named))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isMinority(List<NodeId> of, Set<NodeId> named) {
        return of.stream().filter(named::contains).count() < Ring.majority(of.size());
    }

    private Optional<MemberInfo> seen(NodeId node) {
        return membership.get().stream().filter(info -> info.id().equals(node)).findFirst();
    }

    private static ViewMember required(View view, NodeId node) throws PreconditionFailedException {
        return view.member(node)
                .orElseThrow(() -> new PreconditionFailedException("node " + node + " is no member of " + view));
    }

    private static List<ViewMember> without(View view, NodeId node) {
        return view.members().stream()
                .filter(member -> !member.id().equals(node))
                .toList();
    }

    private static List<ViewMember> replace(View view, NodeId node, UnaryOperator<ViewMember> change) {
        return view.members().stream()
                .map(member -> member.id().equals(node) ? change.apply(member) : member)
                .toList();
    }
}
