package io.keplerfs.register;

import io.keplerfs.register.RegisterAnswer.Found;
import io.keplerfs.register.RegisterRequest.Query;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One read. The nearest owner is asked for the value, the others for their ballots alone: when a majority holds the newest
 * ballot seen, that value is chosen and the read is done in one round trip. Otherwise it is finished first, as any proposer
 * would: a reader must not show what may vanish again. Owned by the loop.
 */
final class Reading {
    private final Exchange exchange;
    private final Fault fault;
    private final RegisterKey key;
    private final long deadline;
    private final Supplier<Proposal> finisher;
    private final CompletableFuture<ReadResult> result = new CompletableFuture<>();
    private int attempts;

    /** @param finisher makes a proposal that keeps what is there */
    Reading(Exchange exchange, Fault fault, RegisterKey key, long deadline, Supplier<Proposal> finisher) {
        this.exchange = exchange;
        this.fault = fault;
        this.key = key;
        this.deadline = deadline;
        this.finisher = finisher;
    }

    CompletableFuture<ReadResult> start() {
        attempt();
        return result;
    }

    private void attempt() {
        Configuration configuration = exchange.configuration(key);
        String obstacle = exchange.obstacle(configuration, false);
        if (obstacle != null) {
            unavailable(obstacle);
            return;
        }
        NodeId nearest = nearest(configuration);
        Message value = new Query(configuration.stage(), key, true).encode();
        Message ballot = new Query(configuration.stage(), key, false).encode();
        Round round = new Round(configuration, Found.class, Reading::isDecided, this::decided);
        exchange.askAll(owner -> owner.equals(nearest) ? value : ballot, deadline, round);
    }

    private NodeId nearest(Configuration configuration) {
        List<NodeId> owners = new ArrayList<>(configuration.owners());
        if (owners.contains(exchange.self())) {
            return exchange.self();
        }
        owners.removeIf(owner -> !exchange.reachable(owner));
        return owners.get(exchange.loop().random().nextInt(owners.size()));
    }

    /** Agreement is found, or cannot be found any more. */
    private static boolean isDecided(Round round) {
        Map<NodeId, Found> found = round.yes(Found.class);
        Ballot newest = newest(found);
        boolean possible = round.configuration()
                .majority(owner -> round.waiting().contains(owner) || votesFor(found.get(owner), newest));
        return isAgreed(round, newest) || (round.won() && !possible);
    }

    private void decided(Round round) {
        Map<NodeId, Found> found = round.yes(Found.class);
        Ballot newest = newest(found);
        if (!round.won()) {
            retry(round.toString());
        } else if (!isAgreed(round, newest) && fault != Fault.READ_WITHOUT_FINISHING) {
            finish();
        } else {
            take(found, newest);
        }
    }

    private void take(Map<NodeId, Found> found, Ballot newest) {
        List<NodeId> holders = found.keySet().stream()
                .filter(owner -> holds(found.get(owner), newest))
                .toList();
        List<NodeId> behind = found.keySet().stream()
                .filter(owner -> !holders.contains(owner))
                .toList();
        for (NodeId holder : holders) {
            Found answer = found.get(holder);
            if (answer != null && answer.withValue()) {
                complete(answer, behind);
                return;
            }
        }
        fetch(holders.get(0), newest, behind);
    }

    /** The owner that was asked for the value has not answered yet, or has an older one. */
    private void fetch(NodeId holder, Ballot ballot, List<NodeId> behind) {
        Message query = new Query(exchange.configuration(key).stage(), key, true).encode();
        exchange.ask(holder, query, deadline, (answer, failure) -> {
            if (answer instanceof Found found
                    && found.withValue()
                    && found.accepted().equals(ballot)) {
                complete(found, behind);
            } else if (answer instanceof Found) {
                finish();
            } else {
                retry("owner " + holder + " agreed, but did not send the value: "
                        + (answer == null ? failure : answer));
            }
        });
    }

    private void finish() {
        finisher.get().start().whenComplete((outcome, failure) -> {
            if (outcome instanceof Outcome.Done done) {
                result.complete(new ReadResult.Value(done.value(), done.ballot(), done.open()));
            } else if (outcome instanceof Outcome.Unavailable unavailable) {
                result.complete(new ReadResult.Unavailable(unavailable.reason()));
            } else {
                result.completeExceptionally(
                        failure != null ? failure : new IllegalStateException("a read ended as " + outcome));
            }
        });
    }

    private void complete(Found answer, List<NodeId> behind) {
        try {
            result.complete(new ReadResult.Value(RegisterValue.decode(answer.value()), answer.accepted(), behind));
        } catch (RuntimeException malformed) {
            result.completeExceptionally(malformed);
        }
    }

    private void retry(String problem) {
        if (!exchange.pause(attempts++, deadline, this::attempt)) {
            unavailable(problem);
        }
    }

    private void unavailable(String problem) {
        result.complete(new ReadResult.Unavailable("read of " + key.bucket() + "/" + key.key() + ": " + problem));
    }

    private static Ballot newest(Map<NodeId, Found> found) {
        return found.values().stream()
                .map(Found::accepted)
                .max(Ballot::compareTo)
                .orElse(Ballot.ZERO);
    }

    private static boolean isAgreed(Round round, Ballot newest) {
        Map<NodeId, Found> found = round.yes(Found.class);
        return round.configuration().majority(owner -> votesFor(found.get(owner), newest));
    }

    private static boolean votesFor(@Nullable Found found, Ballot ballot) {
        return holds(found, ballot) && found != null && found.voted();
    }

    private static boolean holds(@Nullable Found found, Ballot ballot) {
        return found != null && found.accepted().equals(ballot);
    }
}
