package io.keplerfs.files;

import io.keplerfs.IndeterminateException;
import io.keplerfs.KeplerException;
import io.keplerfs.UnavailableException;
import io.keplerfs.values.VersionId;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/**
 * How far a put has come, for a caller that stops waiting: either nothing of it will appear, or it may still. Any thread.
 *
 * <p>The two sides race for one field: once the caller has given up, nothing is sent; once it is sent, the caller is told so.
 */
final class PutAttempt {
    private sealed interface State {}

    private record Preparing() implements State {}

    private record Sending(VersionId version) implements State {}

    private record GivenUp() implements State {}

    private static final State PREPARING = new Preparing();

    private final String name;
    private final AtomicReference<State> state = new AtomicReference<>(PREPARING);
    private final CompletableFuture<Void> givenUp = new CompletableFuture<>();

    /** @param name bucket and key, for messages */
    PutAttempt(String name) {
        this.name = name;
    }

    /** From now on it may appear; false if the caller has given up and it must not be sent. */
    boolean sending(VersionId version) {
        return state.compareAndSet(PREPARING, new Sending(version));
    }

    /** Before anything is done for the caller that it could have given up. */
    void check() throws UnavailableException {
        if (state.get() instanceof GivenUp) {
            throw new UnavailableException("the caller of the put of " + name + " has stopped waiting");
        }
    }

    /** Fails when the caller gives up before anything was sent; never done otherwise. */
    CompletableFuture<Void> givenUp() {
        return givenUp;
    }

    /** The caller stops waiting; returns what it is to be told. */
    KeplerException giveUp(InterruptedException interrupted) {
        UnavailableException stopped =
                new UnavailableException("the calling thread was interrupted while it waited", interrupted);
        if (state.compareAndSet(PREPARING, new GivenUp())) {
            givenUp.completeExceptionally(stopped);
            return stopped;
        }
        return state.get() instanceof Sending sending
                ? new IndeterminateException(
                        "the caller stopped waiting for version " + sending.version() + " of " + name
                                + "; it may still appear; repeating it is safe",
                        sending.version(),
                        stopped)
                : stopped;
    }
}
