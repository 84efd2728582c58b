package io.keplerfs.sim.whole;

import io.keplerfs.history.Linearizability;
import io.keplerfs.history.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What was done to one key and what its callers saw. Its state is the number of the write it holds, 0 for none. */
final class KeyHistory {
    static final int ABSENT = 0;
    static final String RIVAL = "rival-";
    /** The checker takes 63 operations; some are kept for the reads at the end. */
    static final int FULL = 44;

    enum Kind {
        PUT,
        CREATE,
        SWAP,
        FENCED_PUT,
        DELETE,
        GET
    }

    enum Result {
        OPEN,
        DONE,
        REFUSED,
        NOTHING,
        MAYBE
    }

    /** A state of the key. */
    record State(int op, long token) {}

    static final class Call {
        final Kind kind;
        final int op;
        final long token;
        final int base;
        final String who;
        final byte[] content;
        final long called;
        long returned = Operation.NEVER;
        Result result = Result.OPEN;
        int seen = -1;
        boolean readable;

        Call(Kind kind, int op, long token, int base, String who, byte[] content, long called) {
            this.kind = kind;
            this.op = op;
            this.token = token;
            this.base = base;
            this.who = who;
            this.content = content;
            this.called = called;
        }

        boolean changes() {
            return kind != Kind.GET;
        }

        /** Whether it may have changed something. */
        boolean mayCount() {
            return changes() && (result == Result.OPEN || result == Result.DONE || result == Result.MAYBE);
        }

        long hashOf() {
            return ((op * 31L + seen) * 31 + result.ordinal()) * 31 + kind.ordinal();
        }

        @Override
        public String toString() {
            return "%s %s #%d base=%d token=%d seen=%d %s [%.6f, %s]"
                    .formatted(
                            who,
                            kind,
                            op,
                            base,
                            token,
                            seen,
                            result,
                            called / 1e9,
                            returned == Operation.NEVER ? "never" : "%.6f".formatted(returned / 1e9));
        }
    }

    final String key;
    final List<Call> calls = new ArrayList<>();

    KeyHistory(String key) {
        this.key = key;
    }

    Call begin(Kind kind, int op, long token, int base, String who, byte[] content, long now) {
        Call call = new Call(kind, op, token, base, who, content, now);
        calls.add(call);
        return call;
    }

    /** Its writers do not ask each other, so that no order of its calls has to make sense. */
    boolean isOfRivals() {
        return key.startsWith(RIVAL);
    }

    boolean isFull() {
        return calls.size() >= FULL;
    }

    boolean isLinearizable() {
        List<Operation<State>> operations = new ArrayList<>();
        for (Call call : calls) {
            boolean says = call.changes() || call.result == Result.DONE;
            if (says && call.result != Result.NOTHING) {
                boolean certain = call.result == Result.DONE || call.result == Result.REFUSED;
                operations.add(new Operation<>(
                        call.toString(),
                        call.called,
                        certain ? call.returned : Operation.NEVER,
                        certain,
                        state -> after(call, state)));
            }
        }
        return Linearizability.holds(new State(ABSENT, 0), operations);
    }

    private static @Nullable State after(Call call, State state) {
        boolean holds = switch (call.kind) {
            case PUT, GET -> true;
            case CREATE -> state.op() == ABSENT;
            case SWAP -> state.op() == call.base;
            case FENCED_PUT, DELETE -> state.token() <= call.token;
        };
        if (call.kind == Kind.GET) {
            return state.op() == call.seen ? state : null;
        } else if (call.result == Result.REFUSED) {
            return holds ? null : state;
        } else if (!holds) {
            return null;
        }
        return new State(call.kind == Kind.DELETE ? ABSENT : call.op, call.token);
    }

    /**
     * The last write, if it is acknowledged and nothing that may still count was called or open after it had been called. A write
     * that may have happened is open for ever: one owner may hold it under a ballot of a clock that was hours ahead, and whoever
     * meets it finishes it.
     */
    Optional<Call> certainlyHeld() {
        List<Call> changes = calls.stream().filter(Call::mayCount).collect(Collectors.toList());
        if (changes.isEmpty()) {
            return Optional.empty();
        }
        Call last = changes.remove(changes.size() - 1);
        boolean alone = changes.stream().allMatch(other -> other.result == Result.DONE && other.returned < last.called);
        return !isOfRivals() && last.result == Result.DONE && alone && last.kind != Kind.DELETE
                ? Optional.of(last)
                : Optional.empty();
    }

    @Override
    public String toString() {
        return key + ":\n  " + calls.stream().map(Call::toString).collect(Collectors.joining("\n  "));
    }
}
