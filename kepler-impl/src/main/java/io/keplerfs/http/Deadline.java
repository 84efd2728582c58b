package io.keplerfs.http;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The one deadline of a connection. Moving it later costs nothing: the timer looks again when it fires, so a connection that
 * moves it with every request still has a timer only now and then. Owned by one event loop.
 */
final class Deadline {
    private final EventExecutor loop;
    private final LongSupplier nanoClock;
    private final Runnable expired;
    private boolean set;
    private long at;
    private long timerAt;
    private @Nullable Future<?> timer;

    Deadline(EventExecutor loop, LongSupplier nanoClock, Runnable expired) {
        this.loop = loop;
        this.nanoClock = nanoClock;
        this.expired = expired;
    }

    void in(Duration duration) {
        set = true;
        at = nanoClock.getAsLong() + duration.toNanos();
        if (timer != null && timerAt - at > 0) {
            timer.cancel(false);
            timer = null;
        }
        if (timer == null) {
            arm();
        }
    }

    void clear() {
        set = false;
    }

    /** For a connection that is gone. */
    void cancel() {
        set = false;
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    private void arm() {
        timerAt = at;
        timer = loop.schedule(this::look, Math.max(0, at - nanoClock.getAsLong()), TimeUnit.NANOSECONDS);
    }

    private void look() {
        timer = null;
        if (set && at - nanoClock.getAsLong() <= 0) {
            set = false;
            expired.run();
        } else if (set) {
            arm();
        }
    }
}
