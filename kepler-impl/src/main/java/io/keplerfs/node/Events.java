package io.keplerfs.node;

import io.keplerfs.KeplerEvent;
import io.keplerfs.KeplerListener;
import io.keplerfs.Subscription;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells listeners what happened, one event after the other on one thread of its own, so that a slow one delays no protocol. */
public final class Events implements AutoCloseable {
    /** A listener that blocks for so many events loses the next ones, and the log says so. */
    private static final int MOST_WAITING = 10_000;

    private static final Logger log = LoggerFactory.getLogger(Events.class);

    private final List<KeplerListener> listeners = new CopyOnWriteArrayList<>();
    private final ThreadPoolExecutor thread;

    public Events(ThreadFactory threads) {
        thread = new ThreadPoolExecutor(0, 1, 10, TimeUnit.SECONDS, new ArrayBlockingQueue<>(MOST_WAITING), threads);
    }

    Subscription listen(KeplerListener listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    void emit(KeplerEvent event) {
        if (listeners.isEmpty()) {
            return;
        }
        try {
            thread.execute(() -> listeners.forEach(listener -> tell(listener, event)));
        } catch (RejectedExecutionException full) {
            log.warn("event {} was dropped: a listener is too slow, or the node is closing", event);
        }
    }

    private static void tell(KeplerListener listener, KeplerEvent event) {
        try {
            listener.onEvent(event);
        } catch (RuntimeException theirs) {
            log.warn("a listener failed on {}", event, theirs);
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
