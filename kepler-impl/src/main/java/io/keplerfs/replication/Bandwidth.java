package io.keplerfs.replication;

import io.keplerfs.loop.Loop;
import io.keplerfs.values.Priority;
import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The one cap on what a node copies in the background, in bytes per second. Clients come first: a transfer waits until the one
 * before it <em>and</em> what clients have moved since it began would have gone through a line of that width. But it never waits for
 * more than ten times its share of the line: however busy clients are, a tenth of the cap stays for the safety of the data.
 *
 * <pre>
 * start of the next = start of the one before + (its bytes + min(clients' bytes since then, 9 * its bytes)) / cap
 * </pre>
 *
 * <p>Those who wait go in the order of their priority, then of their asking. Owned by the loop, except for {@link #foreground}.
 *
 * <p>Own code because the common rate limiters read an ambient clock, and this must run under virtual time.
 */
public final class Bandwidth {
    /** A chunk of the default size in 42 s: below that the queue would stand still for all practical purposes. */
    public static final long LEAST = 100_000;
    /** 100 GB/s: more than any node has, and far from the end of a long in nanoseconds times bytes of a chunk. */
    public static final long MOST = 100_000_000_000L;

    private static final int LONGEST_SHARE = 10;

    private final Loop loop;
    private final AtomicLong foreground = new AtomicLong();
    private final PriorityQueue<Waiting> queue = new PriorityQueue<>();
    private volatile long bytesPerSecond;
    private long asked;
    private long lastStartNanos;
    private long lastBytes;
    private long foregroundAtLastStart;
    private Loop.@Nullable Timer timer;

    private record Waiting(Priority priority, long number, long bytes, CompletableFuture<Void> mayGo)
            implements Comparable<Waiting> {
        private static final Comparator<Waiting> ORDER =
                Comparator.comparing(Waiting::priority).thenComparingLong(Waiting::number);

        @Override
        public int compareTo(Waiting other) {
            return ORDER.compare(this, other);
        }
    }

    public Bandwidth(Loop loop, long bytesPerSecond) {
        this.loop = loop;
        this.bytesPerSecond = checked(bytesPerSecond);
        this.lastStartNanos = loop.nanoTime();
    }

    /**
     * The same value.
     *
     * @throws IllegalArgumentException if it is not between {@link #LEAST} and {@link #MOST}
     */
    public static long checked(long bytesPerSecond) {
        if (bytesPerSecond < LEAST || bytesPerSecond > MOST) {
            throw new IllegalArgumentException("a bandwidth of " + bytesPerSecond + " bytes per second is not between "
                    + LEAST + " and " + MOST + "; to stop copies pause the queue");
        }
        return bytesPerSecond;
    }

    /** The cap. Any thread. */
    public long bytesPerSecond() {
        return bytesPerSecond;
    }

    /** Changes the cap, also for those who wait, until the node restarts. On the loop. */
    public void throttle(long newBytesPerSecond) {
        bytesPerSecond = checked(newBytesPerSecond);
        serve();
    }

    /** Clients' requests have moved so many bytes of chunks through this node. Any thread. */
    public void foreground(long bytes) {
        foreground.addAndGet(bytes);
    }

    /** Done when so many bytes may be moved. On the loop. */
    public CompletableFuture<Void> take(Priority priority, long bytes) {
        Waiting waiting = new Waiting(priority, asked++, bytes, new CompletableFuture<>());
        queue.add(waiting);
        serve();
        return waiting.mayGo();
    }

    private void serve() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
        for (Waiting next = queue.peek(); next != null; next = queue.peek()) {
            long left = nextStartNanos() - loop.nanoTime();
            if (left > 0) {
                timer = loop.schedule(Duration.ofNanos(left), this::serve);
                return;
            }
            queue.remove();
            lastStartNanos = loop.nanoTime();
            lastBytes = next.bytes();
            foregroundAtLastStart = foreground.get();
            next.mayGo().complete(null);
        }
    }

    private long nextStartNanos() {
        long clients = Math.min(foreground.get() - foregroundAtLastStart, (LONGEST_SHARE - 1) * lastBytes);
        return lastStartNanos + (long) ((lastBytes + clients) * 1e9 / bytesPerSecond);
    }
}
