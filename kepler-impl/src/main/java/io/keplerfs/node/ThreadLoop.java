package io.keplerfs.node;

import io.keplerfs.loop.Loop;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A {@link Loop} with a real thread and the machine's clocks. */
final class ThreadLoop implements Loop, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ThreadLoop.class);

    private final ScheduledThreadPoolExecutor thread;
    private final RandomGenerator random;

    ThreadLoop(ThreadFactory threads, RandomGenerator random) {
        this.thread = new ScheduledThreadPoolExecutor(1, threads);
        this.thread.setRemoveOnCancelPolicy(true);
        this.thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        this.random = random;
    }

    @Override
    public void execute(Runnable task) {
        try {
            thread.execute(() -> run(task));
        } catch (RejectedExecutionException closed) {
            log.trace("a task came after the loop had ended");
        }
    }

    @Override
    public Timer schedule(Duration delay, Runnable task) {
        try {
            Future<?> future = thread.schedule(() -> run(task), delay.toNanos(), TimeUnit.NANOSECONDS);
            return () -> future.cancel(false);
        } catch (RejectedExecutionException closed) {
            return () -> {};
        }
    }

    /** A bug in one task must neither end the loop nor stay unseen. */
    private static void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | AssertionError bug) {
            log.error("a task of the node's loop failed; please report this", bug);
        }
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public long wallMillis() {
        return System.currentTimeMillis();
    }

    @Override
    public RandomGenerator random() {
        return random;
    }

    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(5, TimeUnit.SECONDS)) {
                thread.shutdownNow();
            }
        } catch (InterruptedException interrupted) {
            thread.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
