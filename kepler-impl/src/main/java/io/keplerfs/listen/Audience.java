package io.keplerfs.listen;

import io.keplerfs.KeplerEvent;
import io.keplerfs.KeplerListener;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One listener with what it has yet to hear. Lock order: {@link #turn}, which is held while the listener runs, then this object's
 * monitor, which is held for a few instructions only and guards all that changes.
 */
final class Audience {
    /** Every member of the largest cluster may change at once while a listener does one slow thing; about 1 MB. */
    static final int MOST_WAITING = 10_000;

    private static final long IDLE_SECONDS = 10;
    private static final Logger log = LoggerFactory.getLogger(Audience.class);

    private final KeplerListener listener;
    private final ThreadPoolExecutor thread;
    private final ReentrantLock turn = new ReentrantLock();
    private final Queue<KeplerEvent> waiting = new ArrayDeque<>();
    private boolean running;
    private boolean ended;
    private long missed;

    Audience(KeplerListener listener, ThreadFactory threads) {
        this.listener = listener;
        thread = new ThreadPoolExecutor(1, 1, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads);
        thread.allowCoreThreadTimeOut(true);
    }

    synchronized void tell(KeplerEvent event) {
        if (ended) {
            return;
        }
        // What follows a gap waits for the listener to catch up, so that the gap has one place in the order.
        if (missed > 0 || waiting.size() >= MOST_WAITING) {
            missed++;
            if (missed == 1) {
                log.warn(
                        "listener {} is too slow: {} events wait for it, the next ones are lost to it until it has heard those",
                        listener,
                        MOST_WAITING);
            }
            return;
        }
        waiting.add(event);
        if (!running) {
            running = true;
            thread.execute(this::hear);
        }
    }

    private void hear() {
        for (KeplerEvent event = next(); event != null; event = next()) {
            hear(event);
        }
    }

    private synchronized @Nullable KeplerEvent next() {
        KeplerEvent event = ended ? null : waiting.poll();
        if (event == null && missed > 0 && !ended) {
            log.info("listener {} hears events again; {} were lost to it", listener, missed);
            event = new KeplerEvent.EventsMissed(missed);
            missed = 0;
        }
        running = event != null;
        return event;
    }

    private void hear(KeplerEvent event) {
        turn.lock();
        try {
            if (!isEnded()) {
                listener.onEvent(event);
            }
        } catch (RuntimeException | Error theirs) {
            log.warn("listener {} failed on {}; it will hear the next events", listener, event, theirs);
        } finally {
            turn.unlock();
        }
    }

    private synchronized boolean isEnded() {
        return ended;
    }

    /** No call starts after it; one that runs goes on. */
    synchronized void end() {
        ended = true;
        waiting.clear();
        thread.shutdown();
    }

    /** As {@link #end}, and a call that runs is interrupted. */
    synchronized void breakOff() {
        end();
        thread.shutdownNow();
    }

    /** After {@link #end}: waits for a call that runs, unless it is the caller. */
    void awaitSilence() {
        turn.lock();
        try {
            assert isEnded() : "it would not stay silent";
        } finally {
            turn.unlock();
        }
    }
}
