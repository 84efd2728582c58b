package io.keplerfs.replication;

import io.keplerfs.loop.Loop;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * A cap on bytes per second: each transfer waits until those before it have been paid for. Owned by the loop.
 *
 * <p>Own code because the common rate limiters read an ambient clock, and this must run under virtual time.
 */
final class Bandwidth {
    private final Loop loop;
    private final long bytesPerSecond;
    private long freeAtNanos;

    Bandwidth(Loop loop, long bytesPerSecond) {
        this.loop = loop;
        this.bytesPerSecond = bytesPerSecond;
        this.freeAtNanos = loop.nanoTime();
    }

    /** Done when so many bytes may be sent. On the loop. */
    CompletableFuture<Void> take(long bytes) {
        long now = loop.nanoTime();
        long startNanos = Math.max(now, freeAtNanos);
        freeAtNanos = startNanos + bytes * Duration.ofSeconds(1).toNanos() / bytesPerSecond;
        if (startNanos == now) {
            return CompletableFuture.completedFuture(null);
        }
        CompletableFuture<Void> paid = new CompletableFuture<>();
        loop.schedule(Duration.ofNanos(startNanos - now), () -> paid.complete(null));
        return paid;
    }
}
