package io.keplerfs.register;

import io.keplerfs.register.RegisterAnswer.Accepted;
import io.keplerfs.register.RegisterAnswer.Promised;
import io.keplerfs.register.RegisterRequest.Accept;
import io.keplerfs.register.RegisterRequest.Prepare;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * One change of one register by this node, from the first message to its outcome (CASPaxos; protocols.md, section 5).
 *
 * <p>An attempt is a prepare round and an accept round under one fresh ballot and in one configuration, because a promise of
 * one stage says nothing about the owners of another. The first attempt may be an accept round alone: of an unconditional write,
 * or of one whose ballot was promised along with this node's last change of the key ({@link Carried}). An attempt that fails is
 * followed by another after a pause, until the deadline.
 *
 * <p>The state that outlives an attempt is {@link #firstSent}: since when an owner may have taken the write. From then on every
 * attempt first asks whether the write has happened already, see {@link #promised}. Only an accept round that wins can end that
 * doubt: what the majority of one prepare round does not know may still surface from the rest.
 */
final class Proposal {
    private static final long NEVER = Long.MAX_VALUE;

    /**
     * What is to be done.
     *
     * @param mayHaveBeenSent whether somebody may have tried the same write before
     * @param requireAll whether every owner must have it, not a majority only
     * @param settles whether the point is to seal the fate of the write, whatever it is: the change keeps what is there
     * @param window which ballots may be used
     * @param deadline on the loop's nanosecond clock
     */
    record Task(
            RegisterKey key,
            VersionId write,
            boolean mayHaveBeenSent,
            Change change,
            boolean requireAll,
            boolean settles,
            BallotWindow window,
            long deadline) {}

    private final Exchange exchange;
    private final HybridClock clock;
    private final Carried carried;
    private final Fault fault;
    private final Task task;
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private long firstSent;
    private boolean chosen;
    private int attempts;
    private Settled.Fate fate = Settled.Fate.PERHAPS;

    Proposal(Exchange exchange, HybridClock clock, Carried carried, Fault fault, Task task) {
        this.exchange = exchange;
        this.clock = clock;
        this.carried = carried;
        this.fault = fault;
        this.task = task;
        this.firstSent = task.mayHaveBeenSent() ? earliest() : NEVER;
    }

    /** No attempt of this write, by whichever node, has ever used a ballot before this time; 0 if its id does not tell. */
    private long earliest() {
        return HybridClock.stamp(task.write().notBeforeMillis().orElse(0));
    }

    /** Begins; the future completes on the loop. */
    CompletableFuture<Outcome> start() {
        guarded(this::attempt);
        return outcome;
    }

    /** What the last prepare round knew of the write; final once the outcome is Done. */
    Settled.Fate fate() {
        return fate;
    }

    private void attempt() {
        Configuration configuration = exchange.configuration(task.key());
        String obstacle = exchange.obstacle(configuration, task.requireAll());
        if (obstacle != null) {
            if (mayHaveBeenTaken()) {
                retry(obstacle);
            } else {
                giveUp(obstacle);
            }
            return;
        }
        boolean fresh = attempts == 0 && !mayHaveBeenTaken();
        if (fresh && task.change().needsCurrent() && acceptCarried(configuration)) {
            return;
        }
        // The id may come from a node or a client whose clock is ahead of this one's.
        if (fault != Fault.IGNORE_TIME_OF_ID) {
            clock.observe(earliest());
        }
        Optional<Ballot> ballot = clock.next();
        if (ballot.isEmpty()) {
            retry("the clock of this node waits for its store");
        } else if (!task.window().contains(ballot.get())) {
            giveUp(task.window().describe(ballot.get()));
        } else if (isTooEarly(ballot.get())) {
            giveUp("its id is of a time too far ahead of the clock of this node; check the clocks");
        } else if (fresh && !task.change().needsCurrent()) {
            acceptUnseen(configuration, ballot.get());
        } else {
            prepare(configuration, ballot.get());
        }
    }

    /** What settles a write does not send it, so its ballots may be of any time. */
    private boolean isTooEarly(Ballot ballot) {
        return !task.settles() && ballot.time() < earliest() && fault != Fault.IGNORE_TIME_OF_ID;
    }

    /** One round trip: an owner that knows of anything newer refuses, so no newer write can be hidden by this one. */
    private void acceptUnseen(Configuration configuration, Ballot ballot) {
        if (task.change().apply(RegisterValue.NONE) instanceof Change.Write write) {
            send(
                    configuration,
                    ballot,
                    RegisterValue.first(task.write(), time(ballot, write), write),
                    lost -> again(lost.toString()));
        } else {
            prepare(configuration, ballot);
        }
    }

    /**
     * One round trip: a majority has accepted the value kept here and has promised the ballot. That value may have been replaced
     * since, which the accept finds out; so nothing may be told to the caller but that it was accepted.
     *
     * @return whether it was begun
     */
    private boolean acceptCarried(Configuration configuration) {
        Optional<Carried.Promise> promise =
                carried.take(task.key(), configuration, exchange.loop().nanoTime());
        if (promise.isEmpty()
                || !task.window().contains(promise.get().ballot())
                || isTooEarly(promise.get().ballot())) {
            return false;
        }
        RegisterValue current = promise.get().value();
        Change.Decision decision = task.change().apply(current);
        if (fault == Fault.REFUSE_FROM_CARRIED && decision instanceof Change.Refuse refuse) {
            outcome.complete(new Outcome.Refused(refuse.reason(), current));
            return true;
        }
        if (!(decision instanceof Change.Write write)) {
            return false;
        }
        Ballot promised = promise.get().ballot();
        Ballot ballot = fault == Fault.CARRY_AT_FRESH_BALLOT ? clock.next().orElse(promised) : promised;
        send(configuration, ballot, successor(current, ballot, write), lost -> again(lost.toString()));
        return true;
    }

    private void prepare(Configuration configuration, Ballot ballot) {
        Round round = new Round(
                configuration,
                Promised.class,
                Round::won,
                decided -> guarded(() -> {
                    clock.observe(decided.floor());
                    if (decided.won()) {
                        promised(decided, ballot);
                    } else {
                        retry(decided);
                    }
                }));
        exchange.askAll(new Prepare(configuration.stage(), task.key(), ballot, task.write()), task.deadline(), round);
    }

    /** The at-most-once rules: (a) mine is current, (b) mine is an ancestor, (c) somebody may know mine, (d) nobody does. */
    private void promised(Round round, Ballot ballot) {
        Map<NodeId, Promised> promises = round.yes(Promised.class);
        Ballot newest = Ballot.ZERO;
        RegisterValue current = RegisterValue.NONE;
        long fence = 0;
        for (Promised promise : promises.values()) {
            fence = Math.max(fence, promise.fence());
            if (promise.accepted().compareTo(newest) > 0) {
                newest = promise.accepted();
                current = RegisterValue.decode(promise.value());
            }
        }
        current = fault == Fault.FORGET_FENCE ? current : current.fenced(fence);
        fate = fate(current, promises);
        boolean retried = mayHaveBeenTaken() && fault != Fault.RETRY_WITHOUT_MEMORY;
        boolean happened = chosen || fate == Settled.Fate.CURRENT || fate == Settled.Fate.SUPERSEDED;
        if (retried && happened) {
            boolean superseded = fate != Settled.Fate.CURRENT;
            finish(round, ballot, current, superseded);
        } else if (retried && fate == Settled.Fate.PERHAPS && !task.settles()) {
            outcome.complete(new Outcome.Indeterminate(
                    describe() + ": an earlier attempt may have been taken and overwritten since: " + round));
        } else {
            decide(round, ballot, current, isAgreed(round, promises, newest));
        }
    }

    private Settled.Fate fate(RegisterValue current, Map<NodeId, Promised> promises) {
        if (current.id().equals(task.write())) {
            return Settled.Fate.CURRENT;
        } else if (current.descendsFrom(task.write())) {
            return Settled.Fate.SUPERSEDED;
        }
        boolean forgotten = isForgotten(current.forgottenUpTo());
        for (Promised promise : promises.values()) {
            forgotten |= promise.knowsWrite() || isForgotten(promise.forgottenUpTo());
        }
        return forgotten ? Settled.Fate.PERHAPS : Settled.Fate.NEVER;
    }

    /** A value's time is never below the ballot it was first sent with, so only writes of that time or later can be this one. */
    private boolean isForgotten(long forgottenUpTo) {
        return forgottenUpTo > 0 && forgottenUpTo >= firstSent;
    }

    private static boolean isAgreed(Round round, Map<NodeId, Promised> promises, Ballot newest) {
        return round.configuration().majority(owner -> {
            Promised promise = promises.get(owner);
            return promise != null && promise.voted() && promise.accepted().equals(newest);
        });
    }

    private void decide(Round round, Ballot ballot, RegisterValue current, boolean agreed) {
        Change.Decision decision = task.change().apply(current);
        // What a majority agrees on is chosen already and needs no finishing, unless an earlier attempt of this write
        // could still surface: only a newer ballot at a majority rules that out.
        boolean certain = agreed && !mayHaveBeenTaken();
        if (decision instanceof Change.Write write) {
            write(round, ballot, current, write);
        } else if (decision instanceof Change.Refuse refuse) {
            Outcome refused = new Outcome.Refused(describe() + ": " + refuse.reason(), current);
            if (certain || fault == Fault.REFUSE_WITHOUT_FINISHING) {
                outcome.complete(refused);
            } else {
                accept(
                        round.configuration(),
                        ballot,
                        Ballot.ZERO,
                        current,
                        false,
                        won -> outcome.complete(refused),
                        this::retry);
            }
        } else if (certain) {
            done(current, newestOf(round), round, false);
        } else {
            finish(round, ballot, current, false);
        }
    }

    private void write(Round round, Ballot ballot, RegisterValue current, Change.Write write) {
        if (current.time() >= ballot.time()) {
            // Two nodes in the same tick: another ballot keeps the order of versions strict.
            clock.observe(current.time());
            again("another version of the same tick was there");
            return;
        }
        send(round.configuration(), ballot, successor(current, ballot, write), this::retry);
    }

    private RegisterValue successor(RegisterValue current, Ballot ballot, Change.Write write) {
        RegisterValue before = fault == Fault.FORGET_ANCESTORS ? current.withoutAncestors() : current;
        return before.successor(task.write(), time(ballot, write), write);
    }

    private long time(Ballot ballot, Change.Write write) {
        return fault == Fault.DELETE_AT_OWN_TIME && write.tombstone()
                ? exchange.loop().wallMillis() << 16
                : ballot.time();
    }

    /** The first or another try of the write itself: from now on some owner may have it. */
    private void send(Configuration configuration, Ballot ballot, RegisterValue value, Consumer<Round> lost) {
        long sentBefore = firstSent;
        firstSent = Math.min(firstSent, ballot.time());
        Ballot next = nextAfter(ballot);
        Consumer<Round> won = round -> {
            carry(configuration, next, value);
            done(value, ballot, round, false);
        };
        accept(configuration, ballot, next, value, task.requireAll(), won, round -> {
            chosen |= round.won();
            if (round.certainlyNowhere()) {
                firstSent = sentBefore;
            }
            lost.accept(round);
        });
    }

    /**
     * A promise to ask for along with the accept: worth it for writers that build on what is there, who tend to come again. For
     * the others, a register that moves is better off with its accepted ballot the highest (see {@link Acceptor#merge}).
     */
    private Ballot nextAfter(Ballot ballot) {
        return task.change().needsCurrent()
                ? clock.next().filter(next -> next.compareTo(ballot) > 0).orElse(Ballot.ZERO)
                : Ballot.ZERO;
    }

    private void carry(Configuration configuration, Ballot next, RegisterValue value) {
        if (!next.isZero()) {
            carried.put(task.key(), configuration, next, value, exchange.loop().nanoTime());
        }
    }

    /** Writes back what was read under the new ballot, so that it is chosen beyond doubt. */
    private void finish(Round round, Ballot ballot, RegisterValue current, boolean superseded) {
        accept(
                round.configuration(),
                ballot,
                Ballot.ZERO,
                current,
                task.requireAll(),
                won -> done(current, ballot, won, superseded),
                this::retry);
    }

    private void accept(
            Configuration configuration,
            Ballot ballot,
            Ballot next,
            RegisterValue value,
            boolean byAll,
            Consumer<Round> won,
            Consumer<Round> lost) {
        Predicate<Round> enough = byAll ? Round::isComplete : Round::won;
        Round round = new Round(
                configuration,
                Accepted.class,
                enough,
                decided -> guarded(() -> {
                    clock.observe(decided.floor());
                    if (byAll ? decided.wonByAll() : decided.won()) {
                        won.accept(decided);
                    } else {
                        lost.accept(decided);
                    }
                }));
        Accept request = new Accept(configuration.stage(), task.key(), ballot, value.encode(), next);
        exchange.askAll(request, task.deadline(), round);
    }

    private static Ballot newestOf(Round round) {
        return round.yes(Promised.class).values().stream()
                .map(Promised::accepted)
                .max(Ballot::compareTo)
                .orElse(Ballot.ZERO);
    }

    private void done(RegisterValue value, Ballot ballot, Round round, boolean superseded) {
        outcome.complete(new Outcome.Done(value, ballot, superseded, round.acked(), round.open(), round.missing()));
    }

    private boolean mayHaveBeenTaken() {
        return firstSent != NEVER;
    }

    private void again(String problem) {
        attempts++;
        if (exchange.isOver(task.deadline())) {
            giveUp(problem);
        } else {
            attempt();
        }
    }

    private void retry(Round lost) {
        retry(lost.toString());
    }

    private void retry(String problem) {
        boolean later = exchange.pause(attempts, task.deadline(), () -> guarded(this::attempt));
        attempts++;
        if (!later) {
            giveUp(problem);
        }
    }

    private void giveUp(String problem) {
        List<String> text = new ArrayList<>(List.of(describe() + ": " + problem, "attempts: " + attempts));
        if (chosen) {
            text.add("a majority of the owners has it, but not all; it stays unless it is overwritten");
        } else if (mayHaveBeenTaken()) {
            text.add("it may still appear; trying it again under the same id is safe");
        } else {
            text.add("nothing was changed");
        }
        String reason = String.join("; ", text);
        outcome.complete(mayHaveBeenTaken() ? new Outcome.Indeterminate(reason) : new Outcome.Unavailable(reason));
    }

    private String describe() {
        return task.key().bucket() + "/" + task.key().key() + " version " + task.write();
    }

    /** A change or an answer that throws ends the proposal with that failure instead of leaving its caller waiting. */
    private void guarded(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException failure) {
            outcome.completeExceptionally(failure);
        }
    }
}
