package io.keplerfs.client;

import io.keplerfs.ClusterStatus;
import io.keplerfs.KeplerEvent;
import io.keplerfs.KeplerListener;
import io.keplerfs.Subscription;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the cluster once a period while somebody listens, on one thread that ends with the last listener. Safe for use by
 * several threads; {@link #lock} guards everything that changes. Lock order: a listener's own, then {@link #lock}.
 */
final class EventPoller implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EventPoller.class);

    private final Look look;
    private final Duration period;
    private final ThreadFactory threads;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private List<Listening> listeners = List.of();
    private @Nullable Thread poller;
    private boolean closed;

    /** One look at the cluster; may block. */
    @FunctionalInterface
    interface Look {
        ClusterStatus now() throws IOException;
    }

    EventPoller(Look look, Duration period, ThreadFactory threads) {
        this.look = look;
        this.period = period;
        this.threads = threads;
    }

    /** After {@link #close} nothing is ever heard. */
    Subscription add(KeplerListener listener) {
        Listening listening = new Listening(listener);
        lock.lock();
        try {
            if (!closed) {
                listeners = with(listening);
                if (poller == null) {
                    poller = threads.newThread(this::poll);
                    poller.start();
                }
            }
        } finally {
            lock.unlock();
        }
        return () -> remove(listening);
    }

    @Override
    public void close() {
        List<Listening> ended;
        lock.lock();
        try {
            closed = true;
            ended = listeners;
        } finally {
            lock.unlock();
        }
        ended.forEach(this::remove);
    }

    private void remove(Listening listening) {
        listening.end();
        lock.lock();
        try {
            listeners = listeners.stream().filter(other -> other != listening).toList();
            if (listeners.isEmpty()) {
                poller = null;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private void poll() {
        ClusterStatus before = null;
        boolean blind = false;
        while (isPoller()) {
            try {
                ClusterStatus now = look.now();
                if (before != null) {
                    ClusterChanges.between(before, now).forEach(this::tell);
                }
                before = before == null ? now : ClusterChanges.latest(before, now);
                if (blind) {
                    log.info("events of the cluster are heard again");
                }
                blind = false;
            } catch (IOException failure) {
                if (!blind && isPoller()) {
                    log.info("events of the cluster are not heard until a gateway answers: {}", failure.getMessage());
                }
                blind = true;
            }
            awaitNextLook();
        }
    }

    private void tell(KeplerEvent event) {
        List<Listening> audience;
        lock.lock();
        try {
            audience = listeners;
        } finally {
            lock.unlock();
        }
        audience.forEach(listening -> listening.tell(event));
    }

    private boolean isPoller() {
        lock.lock();
        try {
            return poller == Thread.currentThread();
        } finally {
            lock.unlock();
        }
    }

    private void awaitNextLook() {
        lock.lock();
        try {
            long left = period.toNanos();
            while (left > 0 && poller == Thread.currentThread()) {
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException endRequested) {
            if (poller == Thread.currentThread()) {
                poller = null;
            }
        } finally {
            lock.unlock();
        }
    }

    private List<Listening> with(Listening added) {
        List<Listening> all = new ArrayList<>(listeners);
        all.add(added);
        return List.copyOf(all);
    }

    /** One registration. Its lock is held while the listener runs, so that no call starts after {@link #end} returned. */
    private static final class Listening {
        private final KeplerListener listener;
        private final ReentrantLock turn = new ReentrantLock();
        private boolean ended;

        Listening(KeplerListener listener) {
            this.listener = listener;
        }

        void tell(KeplerEvent event) {
            turn.lock();
            try {
                if (!ended) {
                    listener.onEvent(event);
                }
            } catch (RuntimeException failure) {
                log.warn("listener {} failed on {}: the event is lost to it", listener, event, failure);
            } finally {
                turn.unlock();
            }
        }

        void end() {
            turn.lock();
            try {
                ended = true;
            } finally {
                turn.unlock();
            }
        }
    }
}
