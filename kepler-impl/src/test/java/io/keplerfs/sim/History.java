package io.keplerfs.sim;

import io.keplerfs.history.Linearizability;
import io.keplerfs.history.Operation;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.values.VersionId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the clients of one register did and saw. The state of the register, for the checker, is the id of its last write. */
final class History {
    private static final VersionId INITIAL = RegisterValue.NONE.id();

    enum Kind {
        PUT,
        ERASE,
        /** Writes if the current id is the base. */
        SWAP,
        /** Writes if there is nothing. */
        CREATE,
        /** Writes on whatever is current, and learns what that was. */
        BUILD,
        /** Writes with a fencing token unless a higher one is remembered. */
        FENCED,
        GET
    }

    enum Result {
        DONE,
        REFUSED,
        NOTHING_HAPPENED,
        MAYBE
    }

    /** One operation of one client, perhaps in several tries. */
    static final class Call {
        final Kind kind;
        final VersionId id;
        final String client;

        @Nullable
        VersionId base;

        @Nullable
        VersionId seen;

        long called;
        long returned = Operation.NEVER;
        long time;
        /** The fencing token it was made with; 0 for none. */
        long token;

        Result result = Result.MAYBE;

        Call(Kind kind, VersionId id, String client, long called) {
            this.kind = kind;
            this.id = id;
            this.client = client;
            this.called = called;
        }

        void end(Result how, long when) {
            result = how;
            returned = how == Result.MAYBE ? Operation.NEVER : when;
        }

        @Override
        public String toString() {
            return "%s %s %s base=%s seen=%s %s [%d, %s] time=%d token=%d"
                    .formatted(
                            client,
                            kind,
                            brief(id),
                            base == null ? "-" : brief(base),
                            seen == null ? "-" : brief(seen),
                            result,
                            called,
                            returned == Operation.NEVER ? "never" : Long.toString(returned),
                            time,
                            token);
        }

        private static String brief(VersionId id) {
            return Long.toString(id.uuid().getLeastSignificantBits());
        }
    }

    private boolean forgetsTombstones;
    private final List<Call> calls = new ArrayList<>();
    private final Set<VersionId> absent = new HashSet<>(Set.of(INITIAL));
    private final List<String> violations = new ArrayList<>();

    Call call(Kind kind, VersionId id, String client, long now) {
        Call call = new Call(kind, id, client, now);
        calls.add(call);
        if (kind == Kind.ERASE) {
            absent.add(id);
        }
        return call;
    }

    boolean isAbsent(VersionId id) {
        return absent.contains(id);
    }

    void violation(String what) {
        violations.add(what);
    }

    long count(Result result) {
        return calls.stream().filter(call -> call.result == result).count();
    }

    List<Call> calls() {
        return calls;
    }

    /** What is wrong with it; empty if nothing is. */
    List<String> violations() {
        List<String> found = new ArrayList<>(violations);
        List<Operation<VersionId>> operations = new ArrayList<>();
        for (Call call : calls) {
            boolean says = call.kind != Kind.GET || call.result == Result.DONE;
            if (says && call.result != Result.NOTHING_HAPPENED) {
                operations.add(new Operation<>(
                        call.toString(),
                        call.called,
                        call.returned,
                        call.result != Result.MAYBE,
                        state -> after(call, state)));
            }
        }
        if (!Linearizability.holds(INITIAL, operations)) {
            found.add("not linearizable");
        }
        found.addAll(timesThatFall());
        found.addAll(tokensThatFall());
        return found;
    }

    private @Nullable VersionId after(Call call, VersionId state) {
        if (call.result == Result.REFUSED || call.kind == Kind.GET) {
            return call.seen != null && state.equals(shown(call.seen)) ? state : null;
        }
        boolean may = switch (call.kind) {
            case PUT, ERASE, FENCED, GET -> true;
            case SWAP -> state.equals(call.base);
            case CREATE -> isAbsent(state);
            case BUILD -> call.base == null || state.equals(call.base);
        };
        return may ? shown(call.id) : null;
    }

    /** Where tombstones are removed, a deleted file and one that never was look the same. */
    private VersionId shown(VersionId id) {
        return forgetsTombstones && isAbsent(id) ? INITIAL : id;
    }

    void forgetTombstones() {
        forgetsTombstones = true;
    }

    /** Version = max(now, newest seen + 1): a write that began after another had ended must not have a smaller time. */
    private List<String> timesThatFall() {
        List<String> falls = new ArrayList<>();
        for (Call first : calls) {
            for (Call second : calls) {
                if (first.time != 0 && second.time != 0 && first.returned < second.called && second.time < first.time) {
                    falls.add("version time falls: " + first + " then " + second);
                }
            }
        }
        return falls;
    }

    /** Once a write with a token is done, none with a lower one may begin and be done, whatever was written without one meanwhile. */
    private List<String> tokensThatFall() {
        List<String> falls = new ArrayList<>();
        for (Call first : calls) {
            for (Call second : calls) {
                boolean bothDone = first.result == Result.DONE && second.result == Result.DONE;
                if (bothDone && second.token != 0 && second.token < first.token && first.returned < second.called) {
                    falls.add("token falls: " + first + " then " + second);
                }
            }
        }
        return falls;
    }

    /** Whether somebody had tried a higher token by then. */
    boolean isFencedOff(long token, long now) {
        return calls.stream().anyMatch(call -> call.token > token && call.called <= now);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        calls.forEach(call -> text.append(Objects.toString(call)).append('\n'));
        return text.toString();
    }
}
