package io.keplerfs.register;

import io.keplerfs.loop.Loop;
import io.keplerfs.register.RegisterAnswer.Behind;
import io.keplerfs.register.RegisterAnswer.Denial;
import io.keplerfs.register.RegisterAnswer.Stale;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.TransportException;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The proposer's way to the owners: sends, decodes, passes on what answers tell about stages, and knows the time left. Owned by
 * the loop.
 */
final class Exchange {
    /** First pause after losing a race, doubled each time: about one round on a local network. */
    private static final Duration FIRST_PAUSE = Duration.ofMillis(4);

    private static final Duration LONGEST_PAUSE = Duration.ofMillis(500);

    private final Loop loop;
    private final Rpc rpc;
    private final Configurations configurations;
    private final Duration roundTimeout;

    Exchange(Loop loop, Rpc rpc, Configurations configurations, Duration roundTimeout) {
        this.loop = loop;
        this.rpc = rpc;
        this.configurations = configurations;
        this.roundTimeout = roundTimeout;
    }

    Loop loop() {
        return loop;
    }

    NodeId self() {
        return rpc.self();
    }

    Configuration configuration(RegisterKey key) {
        return configurations.of(key);
    }

    boolean reachable(NodeId node) {
        return node.equals(rpc.self()) || rpc.reachable(node);
    }

    /** Why it makes no sense to ask the owners now; null if it does. */
    @Nullable
    String obstacle(Configuration configuration, boolean needsAll) {
        if (configuration.ownerSets().isEmpty()) {
            return "this node knows no view of the cluster yet";
        }
        for (List<NodeId> owners : configuration.ownerSets()) {
            List<NodeId> away =
                    owners.stream().filter(owner -> !reachable(owner)).toList();
            int needed = needsAll ? owners.size() : Configuration.majorityOf(owners);
            if (owners.size() - away.size() < needed) {
                return needed + " of " + owners.size() + " owners are needed, but cannot be reached: " + away;
            }
        }
        return null;
    }

    /** Asks every owner the same. */
    void askAll(RegisterRequest request, long deadline, Round round) {
        Message message = request.encode();
        askAll(owner -> message, deadline, round);
    }

    /** Asks every owner what the function makes for it. */
    void askAll(Function<NodeId, Message> requests, long deadline, Round round) {
        for (NodeId owner : round.configuration().owners()) {
            ask(owner, requests.apply(owner), deadline, (answer, failure) -> {
                if (answer == null) {
                    round.failed(owner, why(failure), isCertainlyUndelivered(failure));
                } else if (answer instanceof Denial denial) {
                    round.denied(owner, denial);
                } else {
                    round.answered(owner, answer);
                }
            });
        }
    }

    /** Asks one owner; the action runs later on the loop. */
    void ask(
            NodeId owner,
            Message request,
            long deadline,
            BiConsumer<@Nullable RegisterAnswer, @Nullable Throwable> action) {
        Message own = new Message(request.head().duplicate(), request.body());
        loop.when(rpc.call(owner, Lane.CONTROL, own, timeout(deadline)), (message, failure) -> {
            if (message == null) {
                action.accept(null, failure);
                return;
            }
            RegisterAnswer answer;
            try {
                answer = RegisterAnswer.read(new WireReader(message.head()));
            } catch (MalformedMessageException malformed) {
                action.accept(null, malformed);
                return;
            }
            tellStage(owner, answer);
            action.accept(answer, null);
        });
    }

    private void tellStage(NodeId owner, RegisterAnswer answer) {
        if (answer instanceof Stale stale) {
            configurations.peerIsAhead(owner, stale.stage());
        } else if (answer instanceof Behind behind) {
            configurations.peerIsBehind(owner, behind.stage());
        }
    }

    private Duration timeout(long deadline) {
        long left = Math.max(1, deadline - loop.nanoTime());
        return left < roundTimeout.toNanos() ? Duration.ofNanos(left) : roundTimeout;
    }

    long deadline(Duration timeout) {
        return loop.nanoTime() + timeout.toNanos();
    }

    boolean isOver(long deadline) {
        return deadline - loop.nanoTime() <= 0;
    }

    /**
     * Runs the task after a pause that grows with the number of earlier ones and varies by chance, so that rivals come apart.
     *
     * @return false if the deadline would be over by then; the task will not run
     */
    boolean pause(int earlier, long deadline, Runnable task) {
        long longest = Math.min(LONGEST_PAUSE.toNanos(), FIRST_PAUSE.toNanos() << Math.min(earlier, 16));
        long pause = longest / 2 + loop.random().nextLong(longest);
        if (isOver(deadline - pause)) {
            return false;
        }
        loop.schedule(Duration.ofNanos(pause), task);
        return true;
    }

    private static boolean isCertainlyUndelivered(@Nullable Throwable failure) {
        return failure instanceof TransportException transport && !transport.maybeDelivered();
    }

    private static String why(@Nullable Throwable failure) {
        return failure == null || failure.getMessage() == null
                ? "gave no answer"
                : "gave no answer: " + failure.getMessage();
    }
}
