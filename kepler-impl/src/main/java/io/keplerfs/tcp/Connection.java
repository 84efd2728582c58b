package io.keplerfs.tcp;

import io.keplerfs.spi.Lane;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A socket whose greeting is over, and when bytes last moved on it. One thread reads, one writes; any thread may end it, which
 * wakes both.
 */
final class Connection {
    private final Site site;
    private final SocketChannel channel;
    private final FrameReader reader;
    private final FrameWriter writer;
    private final AtomicReference<@Nullable String> end = new AtomicReference<>();
    private volatile long lastReceivedNanos;
    private volatile long lastSentNanos;
    private volatile long unheardSinceNanos;
    private volatile long endedNanos;

    Connection(Site site, SocketChannel channel, Lane lane) {
        this.site = site;
        this.channel = channel;
        reader = new FrameReader(channel, lane, () -> lastReceivedNanos = site.now());
        writer = new FrameWriter(channel, () -> lastSentNanos = site.now());
        lastReceivedNanos = site.now();
        lastSentNanos = lastReceivedNanos;
        unheardSinceNanos = lastReceivedNanos;
    }

    FrameReader reader() {
        return reader;
    }

    FrameWriter writer() {
        return writer;
    }

    long lastReceivedNanos() {
        return lastReceivedNanos;
    }

    long lastSentNanos() {
        return lastSentNanos;
    }

    /** When bytes last moved in either direction. */
    long lastMovedNanos() {
        return lastReceivedNanos - lastSentNanos > 0 ? lastReceivedNanos : lastSentNanos;
    }

    /** The writer is about to send something that wants an answer. */
    void expectAnswer() {
        if (lastReceivedNanos - unheardSinceNanos >= 0) {
            unheardSinceNanos = site.now();
        }
    }

    /** Whether the peer owes an answer and has sent no byte at all for too long. */
    boolean isDeaf() {
        long since = unheardSinceNanos;
        return lastReceivedNanos - since < 0 && site.passed(site.timing().deaf(), since);
    }

    /** Closes the socket. The first reason stays; true if this was it. */
    boolean end(String reason) {
        if (!ended()) {
            endedNanos = site.now();
        }
        boolean first = end.compareAndSet(null, reason);
        if (first) {
            Sockets.close(channel);
        }
        return first;
    }

    boolean ended() {
        return end.get() != null;
    }

    /** When it ended; meaningful once it has. */
    long endedNanos() {
        return endedNanos;
    }

    /** Why it ended; meaningful once it has. */
    String endReason() {
        String reason = end.get();
        return reason == null ? "still open" : reason;
    }
}
