package io.keplerfs.sim;

import io.keplerfs.register.Change;
import io.keplerfs.register.Outcome;
import io.keplerfs.register.ReadResult;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.register.Registers;
import io.keplerfs.register.Settled;
import io.keplerfs.sim.History.Call;
import io.keplerfs.sim.History.Kind;
import io.keplerfs.sim.History.Result;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.VersionId;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A caller at one node: a few operations, one after the other, tried again or settled when in doubt. */
final class SimClient {
    private static final Duration POLL = Duration.ofMillis(2);
    /** Few enough that several clients have the same one. */
    private static final long MOST_TOKENS = 8;

    private final SimLoop loop;
    private final SimHost node;
    private final RegisterKey key;
    private final History history;
    private final SplittableRandom random;
    private final List<Kind> mix;
    private final double paceMillis;
    private int left;
    private double thinkMillis;
    private boolean triesAgain = true;
    private long number = 1;
    private int made;
    private VersionId lastSeen = RegisterValue.NONE.id();

    /**
     * @param mix what to do, drawn by chance from this list
     * @param paceMillis pauses and timeouts grow with it
     */
    SimClient(
            SimLoop loop,
            SimHost node,
            RegisterKey key,
            History history,
            List<Kind> mix,
            int operations,
            double paceMillis) {
        this.mix = mix;
        this.loop = loop;
        this.node = node;
        this.key = key;
        this.history = history;
        this.random = loop.fork();
        this.left = operations;
        this.paceMillis = paceMillis;
        this.thinkMillis = paceMillis;
    }

    /** One that takes up to so long between two operations, and does not come back to a write whose outcome it did not get. */
    SimClient slow(double longestMillis) {
        thinkMillis = longestMillis;
        triesAgain = false;
        return this;
    }

    /** Tells the writes of several clients of one node and one register apart; 1 unless said. */
    SimClient numbered(long clientNumber) {
        number = clientNumber;
        return this;
    }

    boolean isFinished() {
        return left == 0;
    }

    void start() {
        later(this::next);
    }

    private void later(Runnable task) {
        loop.after((long) (random.nextDouble(0.1, paceMillis) * 1e6), task);
    }

    private void next() {
        if (left == 0) {
            return;
        }
        Kind kind = mix.get(random.nextInt(mix.size()));
        VersionId id = newId();
        Call call = history.call(kind, id, "client" + node.id().uuid().getLeastSignificantBits(), loop.nowNanos());
        if (kind == Kind.SWAP) {
            call.base = lastSeen;
        } else if (kind == Kind.FENCED) {
            call.token = random.nextLong(1, MOST_TOKENS);
        }
        Runnable then = () -> {
            left--;
            loop.after((long) (random.nextDouble(0.1, thinkMillis) * 1e6), this::next);
        };
        if (kind == Kind.GET) {
            read(call, then);
        } else {
            change(call, false, then);
        }
    }

    /** Every other id bears a time, of a client whose clock is a little behind or ahead of its node's. */
    private VersionId newId() {
        long mine = node.id().uuid().getLeastSignificantBits() * 1000 + ++made;
        return made % 2 == 0
                ? VersionId.notBefore(node.wallMillis() + made * 37 % 400 - 300, number << 32 | mine)
                : new VersionId(new UUID(number, mine));
    }

    /** Runs the work on the node as soon as it is up; the node's death ends it with null. */
    private <T> void onNode(Function<Registers, CompletableFuture<T>> work, Consumer<@Nullable T> ended) {
        Registers registers = node.registers();
        if (registers == null) {
            loop.after(POLL, () -> onNode(work, ended));
            return;
        }
        int life = node.lives();
        boolean[] over = {false};
        work.apply(registers).whenComplete((result, failure) -> {
            if (!over[0]) {
                over[0] = true;
                if (failure != null) {
                    history.violation("an operation failed with " + failure);
                }
                ended.accept(result);
            }
        });
        watch(life, over, () -> ended.accept(null));
    }

    private void watch(int life, boolean[] over, Runnable died) {
        loop.after(POLL, () -> {
            if (over[0]) {
                return;
            } else if (!node.isUp() || node.lives() != life) {
                over[0] = true;
                died.run();
            } else {
                watch(life, over, died);
            }
        });
    }

    private Duration timeout() {
        return Duration.ofNanos((long) (random.nextDouble(5, 60) * paceMillis * 1e6));
    }

    void read(Call call, Runnable then) {
        this.<ReadResult>onNode(registers -> registers.read(key, timeout()), result -> {
            if (result instanceof ReadResult.Value found) {
                call.seen = lastSeen = found.value().id();
                call.end(Result.DONE, loop.nowNanos());
            }
            then.run();
        });
    }

    private void change(Call call, boolean again, Runnable then) {
        Duration timeout = timeout();
        Change change = change(call);
        boolean all = random.nextInt(8) == 0;
        long tried = loop.nowNanos();
        this.<Outcome>onNode(registers -> registers.change(key, call.id, again, change, all, timeout), outcome -> {
            take(call, outcome, tried);
            int choice = triesAgain ? random.nextInt(3) : 2;
            if (call.result == Result.MAYBE && choice == 0) {
                later(() -> change(call, true, then));
            } else if (call.result == Result.MAYBE && choice == 1) {
                later(() -> settle(call, then));
            } else {
                then.run();
            }
        });
    }

    private Change change(Call call) {
        Change.Write write = new Change.Write(call.id.toString().getBytes(StandardCharsets.US_ASCII), false);
        return switch (call.kind) {
            case PUT -> Change.toAnything(write.payload());
            case ERASE -> Change.toTombstone(new byte[0]);
            case SWAP -> current -> current.id().equals(call.base) ? write : new Change.Refuse("is " + current.id());
            case FENCED ->
                current -> current.fence() <= call.token
                        ? new Change.Write(write.payload(), false, call.token)
                        : new Change.Refuse("token " + current.fence() + " is higher");
            case CREATE -> current -> current.absent() ? write : new Change.Refuse("is there");
            case BUILD, GET -> current -> write;
        };
    }

    private void take(Call call, @Nullable Outcome outcome, long tried) {
        if (outcome instanceof Outcome.Done done) {
            call.end(Result.DONE, loop.nowNanos());
            if (!done.superseded()) {
                call.time = done.value().time();
                call.base = call.kind == Kind.BUILD ? base(done.value()) : call.base;
            }
            lastSeen = done.value().id();
        } else if (outcome instanceof Outcome.Refused refused) {
            call.seen = lastSeen = refused.current().id();
            call.called = tried;
            call.end(Result.REFUSED, loop.nowNanos());
            boolean rightly = switch (call.kind) {
                case SWAP -> !call.seen.equals(call.base);
                case CREATE -> !history.isAbsent(call.seen);
                case FENCED -> history.isFencedOff(call.token, loop.nowNanos());
                case PUT, ERASE, BUILD, GET -> false;
            };
            if (!rightly) {
                history.violation("refused without a reason: " + call);
            }
        } else if (outcome instanceof Outcome.Unavailable) {
            call.end(Result.NOTHING_HAPPENED, loop.nowNanos());
        }
    }

    private static VersionId base(RegisterValue value) {
        return value.ancestors().isEmpty()
                ? RegisterValue.NONE.id()
                : value.ancestors().get(0).id();
    }

    private void settle(Call call, Runnable then) {
        Call look = history.call(Kind.GET, call.id, call.client + " settles", loop.nowNanos());
        this.<Settled>onNode(registers -> registers.settle(key, call.id, timeout()), settled -> {
            if (settled instanceof Settled.Sealed sealed) {
                look.seen = sealed.current().id();
                look.end(Result.DONE, loop.nowNanos());
                switch (sealed.fate()) {
                    case CURRENT, SUPERSEDED -> call.end(Result.DONE, loop.nowNanos());
                    case NEVER -> call.end(Result.NOTHING_HAPPENED, loop.nowNanos());
                    case PERHAPS -> {}
                }
            }
            then.run();
        });
    }
}
