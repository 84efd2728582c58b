package io.keplerfs.tcp;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/** All threads of one transport, so that none outlives it. Thread-safe. */
final class Threads {
    private final ThreadFactory factory;
    private final Set<Thread> running = ConcurrentHashMap.newKeySet();

    Threads(ThreadFactory factory) {
        this.factory = factory;
    }

    /** A runnable whose text is its role, for factories that name threads after it. */
    private record Role(String name, Runnable body) implements Runnable {
        @Override
        public void run() {
            body.run();
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** @throws IOException if the process cannot have another thread */
    void start(String role, Runnable body) throws IOException {
        Thread thread = factory.newThread(new Role(role, () -> {
            try {
                body.run();
            } finally {
                running.remove(Thread.currentThread());
            }
        }));
        running.add(thread);
        try {
            thread.start();
        } catch (OutOfMemoryError noThread) {
            running.remove(thread);
            throw new IOException("cannot start thread " + role + " beside " + running.size() + " others", noThread);
        }
    }

    /** Waits for all of them but the caller, no longer than the patience in total. Returns those still running. */
    List<Thread> join(Duration patience) {
        long left = patience.toMillis();
        for (Thread thread : running) {
            if (thread != Thread.currentThread()) {
                left = joinOne(thread, left);
            }
        }
        return List.copyOf(running);
    }

    /** Counts in steps instead of reading a clock: the patience need not be exact. */
    private static long joinOne(Thread thread, long millis) {
        long left = millis;
        try {
            while (thread.isAlive() && left > 0) {
                TimeUnit.MILLISECONDS.timedJoin(thread, Math.min(left, 10));
                left -= 10;
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return 0;
        }
        return left;
    }
}
