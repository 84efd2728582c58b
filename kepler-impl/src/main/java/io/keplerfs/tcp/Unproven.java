package io.keplerfs.tcp;

import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Queue;

/**
 * Sockets whose other end has not proven who it is. They are closed when they take too long, and the oldest when there are too
 * many: a real peer needs milliseconds, so it is rarely the oldest. Thread-safe; guarded by itself.
 */
final class Unproven {
    private final Site site;
    private final int capacity;
    private final Queue<Entry> entries = new ArrayDeque<>();
    private boolean closed;

    private record Entry(SocketChannel channel, long sinceNanos, Duration patience) {}

    Unproven(Site site, int capacity) {
        this.site = site;
        this.capacity = capacity;
    }

    /** Watches a socket until {@link #remove}. */
    synchronized void add(SocketChannel channel, Duration patience) {
        if (closed) {
            Sockets.close(channel);
            return;
        }
        if (entries.size() >= capacity) {
            Sockets.close(entries.remove().channel);
        }
        entries.add(new Entry(channel, site.now(), patience));
    }

    synchronized void remove(SocketChannel channel) {
        entries.removeIf(entry -> entry.channel == channel);
    }

    synchronized int size() {
        return entries.size();
    }

    /** Closes those whose time is over. */
    synchronized void tick() {
        for (Iterator<Entry> each = entries.iterator(); each.hasNext(); ) {
            Entry entry = each.next();
            if (site.passed(entry.patience, entry.sinceNanos)) {
                each.remove();
                Sockets.close(entry.channel);
            }
        }
    }

    synchronized void close() {
        closed = true;
        entries.forEach(entry -> Sockets.close(entry.channel));
        entries.clear();
    }
}
