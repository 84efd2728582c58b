package io.keplerfs.client;

import io.keplerfs.ClusterStatus;
import io.keplerfs.KeplerListener;
import io.keplerfs.Subscription;
import io.keplerfs.listen.Listeners;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the cluster once a period while somebody listens, on one thread that ends with the last listener. Safe for use by
 * several threads; {@link #lock} guards everything that changes. Nobody waits for a listener while it is held.
 */
final class EventPoller implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EventPoller.class);

    private final Look look;
    private final Duration period;
    private final ThreadFactory threads;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Listeners listeners;
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
        this.listeners = new Listeners(threads);
    }

    /** After {@link #close} nothing is ever heard. */
    Subscription add(KeplerListener listener) {
        Subscription listening = listeners.add(listener);
        lock.lock();
        try {
            if (!closed && poller == null) {
                poller = threads.newThread(this::poll);
                poller.start();
            }
        } finally {
            lock.unlock();
        }
        return () -> {
            listening.close();
            restIfNobodyListens();
        };
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        listeners.close();
        restIfNobodyListens();
    }

    private void restIfNobodyListens() {
        lock.lock();
        try {
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
                    ClusterChanges.between(before, now).forEach(listeners::tell);
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
}
