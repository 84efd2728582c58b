package io.keplerfs.memory;

import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One daemon thread that runs tasks in order, and timers. It begins with the first task and ends, uninterrupted, after the last. */
final class Line {
    private static final Logger LOG = LoggerFactory.getLogger(Line.class);

    private final ScheduledThreadPoolExecutor thread;

    Line(ThreadFactory threads) {
        thread = new ScheduledThreadPoolExecutor(1, threads);
        thread.setRemoveOnCancelPolicy(true);
        thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /** Runs the task later on the line; false, and nothing happens, once the line has ended. */
    boolean execute(Runnable task) {
        try {
            thread.execute(() -> run(task));
            return true;
        } catch (RejectedExecutionException ended) {
            return false;
        }
    }

    /**
     * Runs the task on the line after the delay, unless the line ends before.
     *
     * @return cancels the task
     */
    Runnable after(Duration delay, Runnable task) {
        try {
            var timer = thread.schedule(() -> run(task), delay.toNanos(), TimeUnit.NANOSECONDS);
            return () -> timer.cancel(false);
        } catch (RejectedExecutionException ended) {
            return () -> {};
        }
    }

    /** Takes no more tasks, drops timers, and lets the thread end after the tasks it already has. */
    void end() {
        thread.shutdown();
    }

    private static void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error bug) {
            LOG.error("a task of an in-memory node failed; the node goes on without it", bug);
        }
    }
}
