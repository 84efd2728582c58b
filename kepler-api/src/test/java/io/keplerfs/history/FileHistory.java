package io.keplerfs.history;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What many callers did with one file, and whether an order of their calls explains what they saw. Every write has a version of
 * its own: an id, or contents that no other write has. Any thread.
 *
 * <pre>
 * FileHistory&lt;String&gt; history = new FileHistory&lt;&gt;(Optional.empty(), System::nanoTime);
 * FileHistory&lt;String&gt;.Call call = history.put("a");      // just before the call
 * call.done();                                          // just after it returned
 * assertThat(history.violation()).isEmpty();
 * </pre>
 *
 * @param <V> a version: a value with {@code equals}
 */
public final class FileHistory<V> {
    private enum End {
        /** Nobody knows whether it happened, now or later. A call that never ends is one of these. */
        UNKNOWN,
        DONE,
        REFUSED,
        NOTHING
    }

    private record Ended<V>(End how, long when, @Nullable Optional<V> seen) {}

    /** What must hold for the write to happen. */
    private interface Condition<V> {
        boolean holds(Optional<V> current);
    }

    /** One call. End it once, with one of its methods; one that is never ended counts as {@link #unknown}. */
    public final class Call {
        private final String name;
        private final long called;
        private final @Nullable Optional<V> written;
        private final Condition<V> condition;
        private final AtomicReference<Ended<V>> ended =
                new AtomicReference<>(new Ended<>(End.UNKNOWN, Operation.NEVER, null));

        private Call(String name, @Nullable Optional<V> written, Condition<V> condition) {
            this.name = name;
            this.written = written;
            this.condition = condition;
            this.called = clock.getAsLong();
        }

        /** The write happened. */
        public void done() {
            end(End.DONE, null);
        }

        /** A read saw this version, or no file; a write replaced it. */
        public void saw(Optional<V> version) {
            end(End.DONE, version);
        }

        /** Its condition did not hold; it did not happen. */
        public void refused() {
            end(End.REFUSED, null);
        }

        /** The same, and the refusal names what was there. */
        public void refusedBy(Optional<V> current) {
            end(End.REFUSED, current);
        }

        /** It may have happened, may happen later, or never. */
        public void unknown() {
            end(End.UNKNOWN, null);
        }

        /** It failed with the promise that nothing happened and nothing will. */
        public void nothingHappened() {
            end(End.NOTHING, null);
        }

        private void end(End how, @Nullable Optional<V> seen) {
            ended.set(new Ended<>(how, how == End.UNKNOWN ? Operation.NEVER : clock.getAsLong(), seen));
        }

        private @Nullable Operation<Optional<V>> operation() {
            Ended<V> end = Objects.requireNonNull(ended.get());
            if (end.how() == End.NOTHING || end.how() == End.UNKNOWN && written == null) {
                return null;
            }
            return new Operation<>(
                    toString(), called, end.when(), end.how() != End.UNKNOWN, current -> after(current, end));
        }

        private @Nullable Optional<V> after(Optional<V> current, Ended<V> end) {
            if (end.seen() != null && !end.seen().equals(current)) {
                return null;
            } else if (condition.holds(current) == (end.how() == End.REFUSED)) {
                return null;
            }
            return end.how() == End.REFUSED || written == null ? current : written;
        }

        @Override
        public String toString() {
            Ended<V> end = Objects.requireNonNull(ended.get());
            String when = end.when() == Operation.NEVER ? "never" : Long.toString(end.when());
            return "[%d, %s] %s: %s%s"
                    .formatted(called, when, name, end.how(), end.seen() == null ? "" : " at " + show(end.seen()));
        }
    }

    private final Optional<V> initial;
    private final LongSupplier clock;
    private final List<Call> calls = new ArrayList<>();

    /** @param clock never falls, the same for all callers */
    public FileHistory(Optional<V> initial, LongSupplier clock) {
        this.initial = initial;
        this.clock = clock;
    }

    /** A write whatever is there. */
    public Call put(V version) {
        return begin("put " + version, Optional.of(version), current -> true);
    }

    /** A write that must replace this version. */
    public Call replace(V base, V version) {
        return begin("replace " + base + " by " + version, Optional.of(version), Optional.of(base)::equals);
    }

    /** A write that must find no file. */
    public Call create(V version) {
        return begin("create " + version, Optional.of(version), Optional::isEmpty);
    }

    /** A delete whatever is there. */
    public Call delete() {
        return begin("delete", Optional.empty(), current -> true);
    }

    /** A delete that must find this version. */
    public Call deleteIf(V base) {
        return begin("delete " + base, Optional.empty(), Optional.of(base)::equals);
    }

    /** A linearizable read; end it with {@link Call#saw}. */
    public Call read() {
        return begin("read", null, current -> true);
    }

    private Call begin(String name, @Nullable Optional<V> written, Condition<V> condition) {
        Call call = new Call(name, written, condition);
        synchronized (calls) {
            calls.add(call);
        }
        return call;
    }

    /** The whole history, if no order of the calls explains it; empty if one does. */
    public Optional<String> violation() {
        List<Operation<Optional<V>>> operations = new ArrayList<>();
        for (Call call : snapshot()) {
            Operation<Optional<V>> operation = call.operation();
            if (operation != null) {
                operations.add(operation);
            }
        }
        return Linearizability.holds(initial, operations)
                ? Optional.empty()
                : Optional.of("no order of these calls explains what they saw, beginning with " + show(initial) + ":\n"
                        + this);
    }

    private List<Call> snapshot() {
        synchronized (calls) {
            return List.copyOf(calls);
        }
    }

    private static String show(Optional<?> version) {
        return version.map(Object::toString).orElse("no file");
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        snapshot().forEach(call -> text.append(call).append('\n'));
        return text.toString();
    }
}
