package io.keplerfs.register;

import io.keplerfs.loop.Loop;
import io.keplerfs.register.RegisterAnswer.Accepted;
import io.keplerfs.register.RegisterAnswer.Refused;
import io.keplerfs.register.RegisterRequest.Accept;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.Fold;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Changes, reads and lists registers from this node, whether it owns them or not. Every method may be called from any thread and
 * returns at once; the futures complete on the loop. Work of different keys does not wait for each other, and work of one key
 * is not queued either: rivals are sorted out by ballots.
 */
public final class Registers {
    /** Silence of an owner after which a round goes on without it; a healthy one answers within an fsync. */
    public static final Duration ROUND_TIMEOUT = Duration.ofSeconds(2);

    private final Loop loop;
    private final HybridClock clock;
    private final Exchange exchange;
    private final Fault fault;
    private final Carried carried;

    public Registers(Loop loop, Rpc rpc, HybridClock clock, Configurations configurations) {
        this(loop, rpc, clock, configurations, ROUND_TIMEOUT, Fault.NONE);
    }

    Registers(
            Loop loop, Rpc rpc, HybridClock clock, Configurations configurations, Duration roundTimeout, Fault fault) {
        this.loop = loop;
        this.clock = clock;
        this.exchange = new Exchange(loop, rpc, configurations, roundTimeout);
        this.fault = fault;
        this.carried = new Carried();
    }

    /**
     * Changes a register at most once. Nothing is sent if too few owners can be reached.
     *
     * @param id names the write, and it alone. Nothing is sent under a ballot below its {@link VersionId#notBeforeMillis}, and
     *     nothing at all if that is too far ahead of this node's clock to be believed
     * @param mayHaveBeenSent whether this write may have been tried before: after an indeterminate outcome, or by a coordinator
     *     that crashed. It is then found out first whether it happened
     * @param requireAll succeed only when every owner has it on disk; a majority and no more by the deadline is indeterminate
     */
    public CompletableFuture<Outcome> change(
            RegisterKey key,
            VersionId id,
            boolean mayHaveBeenSent,
            Change change,
            boolean requireAll,
            Duration timeout) {
        return change(key, id, mayHaveBeenSent, change, requireAll, BallotWindow.ANY, timeout);
    }

    /**
     * The same with ballots of this window only; outside of it nothing is sent any more.
     *
     * @param window {@link BallotWindow#below} for a write that others may give up for dead: once somebody has settled the
     *     register above the window, it can never happen
     */
    public CompletableFuture<Outcome> change(
            RegisterKey key,
            VersionId id,
            boolean mayHaveBeenSent,
            Change change,
            boolean requireAll,
            BallotWindow window,
            Duration timeout) {
        long deadline = exchange.deadline(timeout);
        return onLoop(
                () -> propose(new Proposal.Task(key, id, mayHaveBeenSent, change, requireAll, false, window, deadline))
                        .start());
    }

    /**
     * An id for a new write, not before now. A little earlier in truth: a promise that came along with this node's last change
     * of the key must not be too old for it.
     */
    public CompletableFuture<VersionId> newVersion() {
        return onLoop(() -> CompletableFuture.completedFuture(VersionId.notBefore(
                Math.max(0, clock.millis() - Carried.LIFETIME.toMillis()),
                loop.random().nextLong())));
    }

    /** The newest value that a majority has, or a newer one: linearizable. */
    public CompletableFuture<ReadResult> read(RegisterKey key, Duration timeout) {
        long deadline = exchange.deadline(timeout);
        Proposal.Task finish = new Proposal.Task(
                key,
                RegisterValue.NONE.id(),
                false,
                current -> new Change.Keep(),
                false,
                false,
                BallotWindow.ANY,
                deadline);
        return onLoop(() -> new Reading(exchange, fault, key, deadline, () -> propose(finish)).start());
    }

    /**
     * Seals the fate of a write whose coordinator has restarted: whatever is current is written again under a new ballot, so
     * that no older one can be chosen any more. To be asked on the node that coordinated the write, whose clock is above every
     * ballot it has ever made; on another node only when the write is older than {@link HybridClock#MAX_AHEAD} and no message
     * of it can be under way any more.
     *
     * @param upload the write, or the id of {@link RegisterValue#NONE} to make sure of the current value alone
     */
    public CompletableFuture<Settled> settle(RegisterKey key, VersionId upload, Duration timeout) {
        return settle(key, upload, BallotWindow.ANY, timeout);
    }

    /**
     * The same under a ballot of this window, whoever asks: with {@link BallotWindow#from} the end of the window that the
     * coordinator keeps to, even a live one can only fail from here on.
     */
    public CompletableFuture<Settled> settle(RegisterKey key, VersionId upload, BallotWindow window, Duration timeout) {
        long deadline = exchange.deadline(timeout);
        return onLoop(() -> {
            Proposal proposal = propose(
                    new Proposal.Task(key, upload, true, current -> new Change.Keep(), false, true, window, deadline));
            return proposal.start().thenApply(outcome -> settled(outcome, proposal.fate()));
        });
    }

    private static Settled settled(Outcome outcome, Settled.Fate fate) {
        if (outcome instanceof Outcome.Done done) {
            return new Settled.Sealed(fate, done.value());
        } else if (outcome instanceof Outcome.Indeterminate indeterminate) {
            return new Settled.Unavailable(indeterminate.reason());
        }
        throw new IllegalStateException("settling ended as " + outcome);
    }

    /**
     * Hands an accepted value over to an owner that lacks it, as a late accept. Safe at any time: an owner that has promised or
     * accepted anything newer refuses.
     *
     * @return whether the owner has it, or something newer, now. False if it has promised a newer ballot that may never come:
     *     {@link #settle} ends that. Fails if the owner did not answer or cannot take anything now
     */
    public CompletableFuture<Boolean> offer(
            RegisterKey key, Ballot ballot, RegisterValue value, NodeId to, Duration timeout) {
        return onLoop(() -> offerIn(exchange.configuration(key).stage(), key, ballot, value, to, timeout)
                .thenApply(offered -> {
                    if (offered == Offered.TURNED_AWAY) {
                        throw new IllegalStateException("node " + to + " cannot take the value of " + key
                                + " now: its disk is full, or ownership moves; try later");
                    }
                    return offered == Offered.TAKEN;
                }));
    }

    /**
     * The same as long as this stage of the ownership lasts: what was read from another owner in it must not arrive in a later
     * one, in which it may have been deleted and forgotten.
     *
     * @return what the owner did with it, turned away also when the stage has ended; fails if it did not answer
     */
    public CompletableFuture<Offered> offerIn(
            long stage, RegisterKey key, Ballot ballot, RegisterValue value, NodeId to, Duration timeout) {
        long deadline = exchange.deadline(timeout);
        return onLoop(() -> {
            CompletableFuture<Offered> offered = new CompletableFuture<>();
            Accept accept = new Accept(stage, key, ballot, value.encode(), Ballot.ZERO);
            exchange.ask(to, accept.encode(), deadline, (answer, failure) -> {
                if (failure != null) {
                    offered.completeExceptionally(failure);
                } else {
                    offered.complete(offered(answer, ballot));
                }
            });
            return offered;
        });
    }

    private static Offered offered(@Nullable RegisterAnswer answer, Ballot ballot) {
        if (answer instanceof Refused refused) {
            return refused.accepted().compareTo(ballot) >= 0 ? Offered.TAKEN : Offered.REFUSED;
        }
        return answer instanceof Accepted ? Offered.TAKEN : Offered.TURNED_AWAY;
    }

    /**
     * One page of the keys of a bucket that have a value. It contains every key whose write was done before the call began; it
     * is no snapshot.
     *
     * @param shardCount into how many shards the bucket's key space is cut
     * @param prefix only keys that start with it
     * @param after only keys above it in byte order, empty from the start
     * @param delimiter keys that are equal up to the first delimiter behind the prefix are one entry, with the key of any of them
     *     and nothing else; empty for none
     * @param limit at most so many entries
     * @param withPayload whether the entries carry their payloads
     */
    public CompletableFuture<ListResult> list(
            String bucket,
            int shardCount,
            String prefix,
            String after,
            String delimiter,
            int limit,
            boolean withPayload,
            Duration timeout) {
        if (shardCount < 1 || limit < 1) {
            throw new IllegalArgumentException("a listing of " + shardCount + " shards and " + limit + " entries");
        }
        long deadline = exchange.deadline(timeout);
        Listing.Task task =
                new Listing.Task(bucket, shardCount, new Fold(prefix, delimiter), limit, withPayload, deadline);
        return onLoop(() -> new Listing(exchange, task, after).start());
    }

    /** The same without a delimiter. */
    public CompletableFuture<ListResult> list(
            String bucket,
            int shardCount,
            String prefix,
            String after,
            int limit,
            boolean withPayload,
            Duration timeout) {
        return list(bucket, shardCount, prefix, after, "", limit, withPayload, timeout);
    }

    private Proposal propose(Proposal.Task task) {
        return new Proposal(exchange, clock, carried, fault, task);
    }

    private <T> CompletableFuture<T> onLoop(Supplier<CompletableFuture<T>> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        loop.execute(() -> {
            try {
                work.get().whenComplete((value, failure) -> {
                    if (failure != null) {
                        result.completeExceptionally(failure);
                    } else {
                        result.complete(value);
                    }
                });
            } catch (RuntimeException failure) {
                result.completeExceptionally(failure);
            }
        });
        return result;
    }
}
