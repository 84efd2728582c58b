package io.keplerfs.replication;

import io.keplerfs.loop.Loop;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Ends the wait for what does not end by itself. */
final class Patience {
    private Patience() {}

    /** The same future, which fails if it is not done after so long. Any thread. */
    static <T> CompletableFuture<T> atMost(Duration longest, Loop loop, String what, CompletableFuture<T> work) {
        if (!work.isDone()) {
            Loop.Timer timer = loop.schedule(
                    longest,
                    () -> work.completeExceptionally(
                            new IllegalStateException(what + " has not ended after " + longest.toSeconds() + " s")));
            work.whenComplete((done, failure) -> timer.cancel());
        }
        return work;
    }
}
