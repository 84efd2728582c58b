package io.keplerfs.files;

import io.keplerfs.KeplerException;
import io.keplerfs.Waiting;
import io.keplerfs.loop.Failures;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;

/**
 * The thread that waits for a blocking put, which meanwhile reads its own stream: tasks run in {@link #waitFor}. Afterwards it
 * takes no more.
 */
final class CallersThread implements Executor {
    private final LinkedBlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
    /** Guarded by this. */
    private boolean gone;

    @Override
    public synchronized void execute(Runnable task) {
        if (gone) {
            throw new RejectedExecutionException("the caller has stopped waiting");
        }
        tasks.add(task);
    }

    /**
     * The result, or the failure: its own {@link KeplerException}, what the caller's stream threw, or what the put says if the
     * thread is interrupted.
     */
    <T> T waitFor(CompletableFuture<T> result, PutAttempt put) throws IOException {
        result.whenComplete((done, failure) -> tasks.add(() -> {}));
        try {
            while (!result.isDone()) {
                tasks.take().run();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw put.giveUp(interrupted);
        } finally {
            leave();
        }
        return resultOf(result);
    }

    private synchronized void leave() {
        gone = true;
        // A read that is left over finds its put given up, and frees what it holds.
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    private static <T> T resultOf(CompletableFuture<T> result) throws IOException {
        if (result.isCompletedExceptionally()) {
            Throwable failure =
                    Failures.unwrap(result.handle((done, thrown) -> thrown).join());
            if (failure instanceof IOException callers && !(failure instanceof KeplerException)) {
                throw callers;
            } else if (failure instanceof Error callers) {
                throw callers;
            }
        }
        return Waiting.forResult(result);
    }
}
