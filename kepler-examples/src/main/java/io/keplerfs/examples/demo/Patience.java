package io.keplerfs.examples.demo;

import io.keplerfs.examples.console.Amounts;
import io.keplerfs.examples.console.Output;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Waits for something, but not for ever, and says for what. */
final class Patience {
    private static final long POLL_MILLIS = 200;
    private static final long NOTE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Output output;
    private final Duration timeout;

    Patience(Output output, Duration timeout) {
        this.output = output;
        this.timeout = timeout;
    }

    /** Looks at a state of the world. */
    @FunctionalInterface
    interface Look {
        /** What is still missing; empty once all is as it should be. */
        String missing() throws IOException;
    }

    /** Polls; throws an IOException that says what was missing last when the time is over. */
    void until(String what, Look look) throws IOException, InterruptedException {
        long started = System.nanoTime();
        long nextNote = started + NOTE_NANOS;
        String missing = look.missing();
        while (!missing.isEmpty()) {
            long now = System.nanoTime();
            if (now - started > timeout.toNanos()) {
                throw new IOException(
                        "waited " + timeout.toSeconds() + " s in vain for: " + what + " (" + missing + ")");
            }
            if (now - nextNote >= 0) {
                nextNote = now + NOTE_NANOS;
                output.note("waiting for " + what + " since " + Amounts.seconds(now - started) + " (" + missing + ")");
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            missing = look.missing();
        }
    }
}
