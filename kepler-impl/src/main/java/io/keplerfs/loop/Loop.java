package io.keplerfs.loop;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The single thread that owns all mutable protocol state of one node, with its clock and its chance.
 *
 * <p>Tasks run one at a time in the order they were given. Nothing on the loop blocks, sleeps or takes a lock. A real node has a
 * thread behind it, a simulated one an event queue under virtual time: the protocol code cannot tell.
 */
public interface Loop {
    /** Runs the task later on the loop, never inside this call. Any thread. After the loop has ended the task is dropped. */
    void execute(Runnable task);

    /** Runs the task on the loop after the delay, unless cancelled. Any thread. */
    Timer schedule(Duration delay, Runnable task);

    /** Monotonic, for durations and deadlines. */
    long nanoTime();

    /** Wall clock in milliseconds since 1970; may jump. */
    long wallMillis();

    /** Chance of this node; only on the loop. */
    RandomGenerator random();

    /** Runs the action on the loop once the stage is done, with its result or its failure. */
    default <T> void when(CompletionStage<T> stage, BiConsumer<@Nullable T, @Nullable Throwable> action) {
        stage.whenComplete((result, failure) -> execute(() -> action.accept(result, Failures.unwrap(failure))));
    }

    /** The same result or failure, on the loop: so that what is composed with it runs there. */
    default <T> CompletableFuture<T> bring(CompletionStage<T> stage) {
        CompletableFuture<T> here = new CompletableFuture<>();
        when(stage, (result, failure) -> {
            if (failure != null) {
                here.completeExceptionally(failure);
            } else {
                here.complete(result);
            }
        });
        return here;
    }

    /** A scheduled task. */
    @FunctionalInterface
    interface Timer {
        /** Keeps the task from running if it has not begun; on the loop this is certain. */
        void cancel();
    }
}
