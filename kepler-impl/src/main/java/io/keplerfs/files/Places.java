package io.keplerfs.files;

import io.keplerfs.UnavailableException;
import io.keplerfs.loop.Loop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A fixed number of places. Whoever finds none free waits in turn, holding up no thread. Safe for use by several threads.
 *
 * <p>Its lock is held for a few instructions and never while something is completed.
 */
final class Places {
    /** Those who wait, the longest first; guarded by this. */
    private final Deque<CompletableFuture<@Nullable Void>> waiting = new ArrayDeque<>();
    /** Guarded by this. */
    private int free;

    Places(int count) {
        this.free = count;
    }

    /** Done when a place has been taken; fails with what {@code late} makes after the timeout. */
    CompletableFuture<@Nullable Void> take(Loop loop, Duration timeout, Supplier<UnavailableException> late) {
        CompletableFuture<@Nullable Void> taken = new CompletableFuture<>();
        synchronized (this) {
            if (free > 0) {
                free--;
                return CompletableFuture.completedFuture(null);
            }
            waiting.add(taken);
        }
        Loop.Timer timer = loop.schedule(timeout, () -> giveUp(taken, late.get()));
        taken.whenComplete((place, failure) -> timer.cancel());
        return taken;
    }

    private void giveUp(CompletableFuture<@Nullable Void> taken, UnavailableException late) {
        taken.completeExceptionally(late);
        synchronized (this) {
            waiting.removeIf(CompletableFuture::isDone);
        }
    }

    synchronized boolean tryTake() {
        if (free == 0) {
            return false;
        }
        free--;
        return true;
    }

    void giveBack() {
        while (true) {
            CompletableFuture<@Nullable Void> next;
            synchronized (this) {
                next = waiting.poll();
                if (next == null) {
                    free++;
                    return;
                }
            }
            if (next.complete(null)) {
                return;
            }
        }
    }
}
