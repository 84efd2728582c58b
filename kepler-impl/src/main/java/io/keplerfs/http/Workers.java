package io.keplerfs.http;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The threads that may block: large uploads and the bytes of downloads. Bounded, and so is the queue before them. */
final class Workers {
    /** Idle threads go, so that a quiet gateway holds none. */
    private static final Duration IDLE = Duration.ofSeconds(30);

    private static final Logger LOG = LoggerFactory.getLogger(Workers.class);

    private final ThreadPoolExecutor pool;

    Workers(int count, int queued, ThreadFactory threads) {
        BlockingQueue<Runnable> queue = queued == 0 ? new SynchronousQueue<>() : new ArrayBlockingQueue<>(queued);
        pool = new ThreadPoolExecutor(count, count, IDLE.toMillis(), TimeUnit.MILLISECONDS, queue, threads);
        pool.allowCoreThreadTimeOut(true);
    }

    /** Runs the work soon, unless all workers are busy and the queue is full. */
    void run(Runnable work) throws Refusal {
        try {
            pool.execute(work);
        } catch (RejectedExecutionException full) {
            throw new Refusal(Problem.unavailable(
                    "all " + pool.getMaximumPoolSize() + " transfers of this node are busy and "
                            + pool.getQueue().size() + " wait; nothing was changed, try again",
                    1));
        }
    }

    int running() {
        return pool.getActiveCount();
    }

    /** Interrupts what still runs and waits for it; an interrupted caller waits no longer, its threads end all the same. */
    void stop(Duration patience) {
        pool.shutdownNow();
        try {
            if (!pool.awaitTermination(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn(
                        "{} HTTP workers still run {} ms after their interrupt",
                        pool.getActiveCount(),
                        patience.toMillis());
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
