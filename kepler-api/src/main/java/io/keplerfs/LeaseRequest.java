package io.keplerfs;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One caller's way to a lease: looks at the lock file until it is free or its holder has been silent for long enough, then tries
 * to replace exactly the version it has seen. Owned by the caller's thread.
 */
final class LeaseRequest {
    /** Clocks of two machines run at rates that differ by far less; waiting a little longer costs nobody anything. */
    private static final int MARGIN_DIVISOR = 10;

    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);
    private static final Duration SHORTEST_PAUSE = Duration.ofMillis(10);

    private final LeaseFile file;
    private final LeaseOptions options;
    private final LeaseSurroundings clock;
    private final String id;
    private @Nullable String watchedEtag;
    private long watchedSince;
    private long sentAt;

    LeaseRequest(LeaseFile file, LeaseOptions options, LeaseSurroundings clock, String id) {
        this.file = file;
        this.options = options;
        this.clock = clock;
        this.id = id;
        this.sentAt = clock.nanoTime();
    }

    Lease run() throws KeplerException {
        long began = clock.nanoTime();
        while (true) {
            KeplerException obstacle;
            try {
                return attempt();
            } catch (PreconditionFailedException | UnavailableException | IndeterminateException temporary) {
                obstacle = temporary;
            }
            Duration left = options.patience().minusNanos(clock.nanoTime() - began);
            if (left.isNegative() || left.isZero()) {
                throw obstacle;
            }
            pause(left);
        }
    }

    /** @throws PreconditionFailedException if somebody else has it, or was faster */
    private Lease attempt() throws KeplerException {
        Optional<FileInfo> found = file.read();
        if (found.isEmpty()) {
            file.create(options.ttl(), options.owner());
            found = file.read();
        }
        FileInfo current = found.orElseThrow(
                () -> new PreconditionFailedException(file + " was deleted while it was being created"));
        LeaseRecord record = LeaseRecord.of(current);
        if (record.isHeldBy(id)) {
            // An earlier attempt whose answer was lost: others may have begun to count when it was sent.
            Lease mine = new Lease(file, record, current.etag(), sentAt, clock);
            mine.renew();
            return mine;
        }
        requireFree(current, record);
        return take(current, record.token() + 1);
    }

    private Lease take(FileInfo current, long token) throws KeplerException {
        LeaseRecord mine = new LeaseRecord(token, options.ttl(), options.owner(), Optional.of(id));
        sentAt = clock.nanoTime();
        try {
            String etag = file.replace(current.etag(), mine).etag();
            return new Lease(file, mine, etag, sentAt, clock);
        } catch (IndeterminateException unclear) {
            FileInfo now = file.read().orElseThrow(() -> unclear);
            if (!LeaseRecord.of(now).isHeldBy(id)) {
                throw unclear;
            }
            return new Lease(file, mine, now.etag(), sentAt, clock);
        }
    }

    /** A holder is taken for dead when this process has seen the same version for the whole ttl, on its own clock. */
    private void requireFree(FileInfo current, LeaseRecord record) throws PreconditionFailedException {
        if (record.holder().isEmpty()) {
            return;
        }
        long now = clock.nanoTime();
        if (!current.etag().equals(watchedEtag)) {
            watchedEtag = current.etag();
            watchedSince = now;
        }
        long silent = now - watchedSince;
        long enough = record.ttl().plus(record.ttl().dividedBy(MARGIN_DIVISOR)).toNanos();
        if (silent < enough) {
            throw new PreconditionFailedException(file + " is held by '" + record.owner() + "' with token "
                    + record.token() + ", unchanged for "
                    + Duration.ofNanos(silent).toMillis()
                    + " ms that this process has watched; its ttl is "
                    + record.ttl().toMillis() + " ms");
        }
    }

    private void pause(Duration left) throws UnavailableException {
        Duration regular = options.ttl().dividedBy(MARGIN_DIVISOR);
        Duration pause = shorter(shorter(regular, LONGEST_PAUSE), left);
        try {
            clock.pause(pause.compareTo(SHORTEST_PAUSE) < 0 ? SHORTEST_PAUSE : pause);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new UnavailableException(
                    "interrupted while waiting for " + file + "; if it was acquired, it ends after its ttl",
                    interrupted);
        }
    }

    private static Duration shorter(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }
}
