package io.keplerfs.files;

import io.keplerfs.UnavailableException;
import io.keplerfs.loop.Loop;
import io.keplerfs.register.BallotWindow;
import io.keplerfs.register.HybridClock;
import io.keplerfs.values.VersionId;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * Ids of uploads tell when the upload began, and so until when it may be committed.
 *
 * <pre>
 * long stamp    hybrid clock of the coordinator at the beginning
 * long random
 * </pre>
 *
 * <p>A coordinator commits an upload under ballots below stamp + longest only; whoever takes an upload for dead settles the
 * register under a ballot from there on first. So a coordinator that was paused for a day can only fail, and no clock decides
 * it: the ballots do.
 */
final class UploadId {
    private static final int COUNTER_BITS = 16;
    /** Stamps farther ahead than this are none: ids of the first release were random throughout. */
    private static final long MOST_AHEAD_MILLIS = Duration.ofDays(1).toMillis();

    private UploadId() {}

    /** An id for an upload that begins now; fails as unavailable. Any thread. */
    static CompletableFuture<VersionId> next(Loop loop, HybridClock clock) {
        CompletableFuture<VersionId> id = new CompletableFuture<>();
        loop.execute(() -> clock.next()
                .ifPresentOrElse(
                        begun -> id.complete(new VersionId(
                                new UUID(begun.time(), loop.random().nextLong()))),
                        () -> id.completeExceptionally(
                                new UnavailableException("this node's clock cannot be stored: is its disk full?"))));
        return id;
    }

    /** The ballots that may commit it. */
    static BallotWindow committing(VersionId upload, Duration longest) {
        return BallotWindow.below(end(upload, longest));
    }

    /** The ballots that prove that it can never be committed any more. */
    static BallotWindow burying(VersionId upload, Duration longest, long nowMillis) {
        return hasStamp(upload, nowMillis) ? BallotWindow.from(end(upload, longest)) : BallotWindow.ANY;
    }

    /** Whether its time is over or about to be, by a clock: only a hint when to begin anew. */
    static boolean isOld(VersionId upload, Duration longest, long nowMillis) {
        return !hasStamp(upload, nowMillis)
                || nowMillis + longest.toMillis() / 4 >= end(upload, longest) >>> COUNTER_BITS;
    }

    private static boolean hasStamp(VersionId upload, long nowMillis) {
        long stamp = upload.uuid().getMostSignificantBits();
        return stamp > 0 && stamp >>> COUNTER_BITS < nowMillis + MOST_AHEAD_MILLIS;
    }

    private static long end(VersionId upload, Duration longest) {
        long stamp = upload.uuid().getMostSignificantBits();
        return stamp + (longest.toMillis() << COUNTER_BITS);
    }
}
