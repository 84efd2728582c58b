package io.keplerfs;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * One kind of long work that a node does by itself for the safety of what it keeps, as it stands now.
 *
 * @param name "queue", "anti-entropy", "scrub", "audit"
 * @param state what it is doing
 * @param done units of this round that are done: chunks, files or tasks
 * @param total units of this round as far as known, at least {@code done}
 * @param doneBytes bytes of this round that are done
 * @param totalBytes bytes of this round as far as known, at least {@code doneBytes}
 * @param bytesPerSecond measured rate, 0 while nothing is known
 * @param found differences or damages found in this round, mended or not
 * @param lastFinished when the round before ended; empty if none has ended since the node started
 */
public record RepairWork(
        String name,
        State state,
        long done,
        long total,
        long doneBytes,
        long totalBytes,
        long bytesPerSecond,
        long found,
        Optional<Instant> lastFinished) {
    /** What a piece of long work is doing. */
    public enum State {
        /** Nothing to do now; begins by itself when it is due. */
        WAITING,
        RUNNING,
        /** Stopped by an operator; goes on where it was when it is resumed. */
        PAUSED
    }

    /** How long the rest of this round takes at the measured rate; empty while that is unknown. */
    public Optional<Duration> remaining() {
        return bytesPerSecond == 0
                ? Optional.empty()
                : Optional.of(Duration.ofSeconds((totalBytes - doneBytes) / bytesPerSecond));
    }
}
