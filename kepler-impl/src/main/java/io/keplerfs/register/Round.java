package io.keplerfs.register;

import io.keplerfs.register.RegisterAnswer.Behind;
import io.keplerfs.register.RegisterAnswer.Refused;
import io.keplerfs.spi.Ballot;
import io.keplerfs.values.NodeId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * One request to every owner, and what came back. Decided once: when it has enough, when it cannot get enough any more, or when
 * everybody has answered. Owned by the loop.
 */
final class Round {
    /**
     * @param certain whether the request was certainly not acted on and never will be
     */
    private record No(String why, boolean certain) {}

    private final Configuration configuration;
    private final Class<? extends RegisterAnswer> expected;
    private final Predicate<Round> enough;
    private final Consumer<Round> decided;
    private final Set<NodeId> waiting;
    private final Map<NodeId, RegisterAnswer> yes = new LinkedHashMap<>();
    private final Map<NodeId, No> no = new LinkedHashMap<>();
    private final CompletableFuture<List<NodeId>> missing = new CompletableFuture<>();
    private long floor;
    private boolean closed;

    /** @param expected the only answer that is a yes */
    Round(
            Configuration configuration,
            Class<? extends RegisterAnswer> expected,
            Predicate<Round> enough,
            Consumer<Round> decided) {
        this.configuration = configuration;
        this.expected = expected;
        this.enough = enough;
        this.decided = decided;
        this.waiting = configuration.owners();
    }

    Configuration configuration() {
        return configuration;
    }

    void answered(NodeId owner, RegisterAnswer answer) {
        if (!expected.isInstance(answer)) {
            failed(owner, "gave an answer to another question: " + answer.code(), false);
        } else if (waiting.remove(owner)) {
            yes.put(owner, answer);
            settle();
        }
    }

    void denied(NodeId owner, RegisterAnswer.Denial denial) {
        if (denial instanceof Refused refused) {
            floor = Math.max(floor, refused.instead().time());
        }
        // A copy of the request that is still under way would be acted on once the owner has caught up.
        boolean stays = !(denial instanceof Behind);
        failed(owner, denial.why(), stays);
    }

    void failed(NodeId owner, String why, boolean certainlyNotActedOn) {
        if (waiting.remove(owner)) {
            no.put(owner, new No(why, certainlyNotActedOn));
            settle();
        }
    }

    private void settle() {
        boolean hopeless = !configuration.majority(owner -> !no.containsKey(owner));
        if (!closed && (enough.test(this) || hopeless || waiting.isEmpty())) {
            closed = true;
            decided.accept(this);
        }
        if (waiting.isEmpty()) {
            missing.complete(List.copyOf(no.keySet()));
        }
    }

    /** A majority of every set of owners said yes. */
    boolean won() {
        return configuration.majority(yes.keySet());
    }

    boolean wonByAll() {
        return yes.keySet().containsAll(configuration.owners());
    }

    /** Everybody has answered. */
    boolean isComplete() {
        return waiting.isEmpty();
    }

    /** No owner has acted on the request, and none will. */
    boolean certainlyNowhere() {
        return yes.isEmpty() && waiting.isEmpty() && no.values().stream().allMatch(No::certain);
    }

    /** Who said yes, with their answers, all of the type that was expected. */
    <A extends RegisterAnswer> Map<NodeId, A> yes(Class<A> type) {
        Map<NodeId, A> answers = new LinkedHashMap<>();
        yes.forEach((owner, answer) -> answers.put(owner, type.cast(answer)));
        return answers;
    }

    List<NodeId> acked() {
        return List.copyOf(yes.keySet());
    }

    /** Who has not said yes so far. */
    List<NodeId> open() {
        Set<NodeId> open = new LinkedHashSet<>(configuration.owners());
        open.removeAll(yes.keySet());
        return List.copyOf(open);
    }

    Set<NodeId> waiting() {
        return waiting;
    }

    /** Completes with the owners that said no, when everybody has answered. */
    CompletableFuture<List<NodeId>> missing() {
        return missing;
    }

    /** The highest {@link Ballot#time} an owner refused for, 0 if none did. */
    long floor() {
        return floor;
    }

    /** Who did what, for the text of an error. */
    @Override
    public String toString() {
        List<String> parts = new ArrayList<>();
        parts.add(yes.size() + " of " + configuration.owners().size() + " owners agreed " + acked());
        no.forEach((owner, why) -> parts.add(owner + " " + why.why()));
        if (!waiting.isEmpty()) {
            parts.add("no answer yet from " + waiting);
        }
        return String.join(", ", parts);
    }
}
