package io.keplerfs.listen;

import io.keplerfs.KeplerEvent;
import io.keplerfs.KeplerListener;
import io.keplerfs.Subscription;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadFactory;

/** Everybody who listens to one cluster, each with a queue and a thread of its own; see {@link KeplerListener}. Any thread. */
public final class Listeners implements AutoCloseable {
    private final ThreadFactory threads;
    private final List<Audience> all = new CopyOnWriteArrayList<>();
    private volatile boolean closed;

    /** @param threads makes one thread per listener that has something to hear; it ends after some idle seconds */
    public Listeners(ThreadFactory threads) {
        this.threads = threads;
    }

    /** After {@link #close} nothing is ever heard. */
    public Subscription add(KeplerListener listener) {
        Audience audience = new Audience(listener, threads);
        all.add(audience);
        // Only now: close() either sees this audience or is seen here.
        if (closed) {
            close();
        }
        return () -> {
            all.remove(audience);
            audience.end();
            audience.awaitSilence();
        };
    }

    public boolean isEmpty() {
        return all.isEmpty();
    }

    /** Does not wait for anybody. Calls from one thread are heard in their order. */
    public void tell(KeplerEvent event) {
        all.forEach(audience -> audience.tell(event));
    }

    /** Nothing more is heard; calls that are running are interrupted, and not waited for. Idempotent. */
    @Override
    public void close() {
        closed = true;
        all.forEach(Audience::breakOff);
        all.clear();
    }
}
