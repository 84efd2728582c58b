package io.keplerfs;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A lock with an end, made of one file and conditional puts: the same through an embedded node and through a remote client, and
 * between both. Its {@link #token()} is what makes it safe; the time alone never is:
 *
 * <pre>
 * holder A   acquires, token 7 .. computes .. | long pause (GC, SIGSTOP, a sleeping laptop) | .. writes with token 7
 *                                                                                                  |
 * lock file  held by A, 7 ------------- A is silent for its ttl --> held by B, 8                   |
 *                                                                                                  v
 * result                                                    B writes with token 8 --> [8]     refused: 8 is stored
 * </pre>
 *
 * A cannot know that it was paused, so between any check of the time and the write that follows it may lose the lease. Therefore
 * <b>write what the lock protects with {@code PutOptions.fencing(lease.token())}</b> and delete it with
 * {@code DeleteOptions.defaults().withFencingToken(lease.token())}: the owners of the file compare the tokens when they store it.
 *
 * <p>Nobody compares wall clocks. Another holder is taken for dead when its record did not change for its ttl (and a tenth more)
 * on this process's monotonic clock, counted from when this process first saw that version. So a lease that its holder does not
 * release is free again between one and two ttl after its last renewal, for somebody who watches; {@link LeaseOptions#patience()} must
 * be longer than that to take over from a crashed holder.
 *
 * <p>Tokens rise from holder to holder, from 1, also over a deletion of the lock file: the token outlives the file. Safe for use
 * by several threads; calls that do I/O block.
 */
public final class Lease implements AutoCloseable {
    /** Two renewals may fail before the lease is in danger. */
    private static final int RENEWALS_PER_TTL = 3;

    private enum Phase {
        HELD,
        RELEASED,
        LOST
    }

    /** @param confirmedAt when the last renewal that came through was sent: nobody has begun to count before */
    private record State(Phase phase, String etag, long confirmedAt) {}

    private final LeaseFile file;
    private final LeaseRecord record;
    private final LeaseSurroundings clock;
    private final AtomicReference<@Nullable ScheduledFuture<?>> renewal = new AtomicReference<>();
    /** One change of the file at a time; questions do not wait for it. */
    private final ReentrantLock changing = new ReentrantLock();

    private volatile State state;

    Lease(LeaseFile file, LeaseRecord record, String etag, long sentAt, LeaseSurroundings clock) {
        this.file = file;
        this.record = record;
        this.clock = clock;
        this.state = new State(Phase.HELD, etag, sentAt);
    }

    /**
     * Becomes the holder.
     *
     * @param key the lock file, which is created if it is missing; it must not be used for anything else
     * @throws PreconditionFailedException if somebody else still had it when {@link LeaseOptions#patience()} was over
     * @throws UnavailableException if too few nodes answered until then; nothing was changed
     * @throws IndeterminateException if it may have been acquired: it then ends after its ttl
     */
    public static Lease acquire(Bucket bucket, String key, LeaseOptions options) throws KeplerException {
        return acquire(bucket, key, options, LeaseSurroundings.PROCESS);
    }

    static Lease acquire(Bucket bucket, String key, LeaseOptions options, LeaseSurroundings clock)
            throws KeplerException {
        LeaseFile file = LeaseFile.of(bucket, key, options.ttl());
        return new LeaseRequest(file, options, clock, clock.newId()).run();
    }

    /** Above that of every earlier holder; send it with every write and delete of what the lock protects. */
    public long token() {
        return record.token();
    }

    /**
     * How long others certainly leave it alone, zero if it is lost or released. By the time it is read it may be over: it tells
     * whether it is worth beginning something, not whether something is allowed.
     */
    public Duration remaining() {
        State now = state;
        Duration left = record.ttl().minusNanos(clock.nanoTime() - now.confirmedAt());
        return now.phase() != Phase.HELD || left.isNegative() ? Duration.ZERO : left;
    }

    /** Whether anything is {@link #remaining()}. */
    public boolean isHeld() {
        return !remaining().isZero();
    }

    /**
     * Makes it last for another ttl from now, also if it was over and nobody has taken it since.
     *
     * @throws PreconditionFailedException if it is lost to somebody else, or was released: it cannot be had back, acquire a new one
     * @throws UnavailableException if too few nodes answer; it lasts as long as before, and it may be tried again
     * @throws IndeterminateException as before, and the renewal may still have come through
     */
    public void renew() throws KeplerException {
        changing.lock();
        try {
            requireHeld();
            long sent = clock.nanoTime();
            try {
                renewed(file.replace(state.etag(), record).etag(), sent);
            } catch (IndeterminateException | PreconditionFailedException unclear) {
                renewAfter(unclear, sent);
            }
        } finally {
            changing.unlock();
        }
    }

    /** The version this process knew may have been replaced by a renewal of its own whose answer was lost. */
    private void renewAfter(KeplerException unclear, long sent) throws KeplerException {
        FileInfo now = mineNow(unclear);
        if (unclear instanceof IndeterminateException maybe && maybe.version().equals(now.version())) {
            renewed(now.etag(), sent);
            return;
        }
        long sentAgain = clock.nanoTime();
        renewed(file.replace(now.etag(), record).etag(), sentAgain);
    }

    private void renewed(String etag, long sent) {
        state = new State(Phase.HELD, etag, sent);
    }

    private FileInfo mineNow(KeplerException unclear) throws KeplerException {
        Optional<FileInfo> found = file.read();
        if (found.isPresent() && LeaseRecord.of(found.get()).holder().equals(record.holder())) {
            return found.get();
        }
        state = new State(Phase.LOST, state.etag(), state.confirmedAt());
        endRenewal();
        throw new PreconditionFailedException(
                "the lease of " + file + " with token " + token() + " is lost"
                        + (found.isPresent()
                                ? ": the next token is "
                                        + LeaseRecord.of(found.get()).token()
                                : ": the lock file was deleted")
                        + "; what was protected by it refuses this token from the first write of the next holder on",
                unclear);
    }

    private void requireHeld() throws PreconditionFailedException {
        if (state.phase() != Phase.HELD) {
            throw new PreconditionFailedException("the lease of " + file + " with token " + token() + " is "
                    + (state.phase() == Phase.LOST ? "lost" : "released") + "; acquire a new one");
        }
    }

    /**
     * Renews it every third of its ttl on a thread of this executor, which blocks for as long as a put takes, until it is
     * released, lost, or the subscription is closed.
     *
     * @param lost told once, on that thread, when it is lost or when its ttl has passed without a renewal
     */
    public Subscription keepRenewing(ScheduledExecutorService executor, Consumer<KeplerException> lost) {
        long period = record.ttl().toNanos() / RENEWALS_PER_TTL;
        ScheduledFuture<?> next =
                executor.scheduleWithFixedDelay(() -> renewOrTell(lost), period, period, TimeUnit.NANOSECONDS);
        ScheduledFuture<?> before = renewal.getAndSet(next);
        if (before != null) {
            before.cancel(false);
        }
        return this::endRenewal;
    }

    private void renewOrTell(Consumer<KeplerException> lost) {
        try {
            renew();
        } catch (KeplerException failure) {
            boolean released = state.phase() == Phase.RELEASED;
            if (!released && !isHeld()) {
                endRenewal();
                lost.accept(failure);
            }
        }
    }

    private void endRenewal() {
        ScheduledFuture<?> running = renewal.getAndSet(null);
        if (running != null) {
            running.cancel(false);
        }
    }

    /**
     * Lets the next one have it at once. Idempotent.
     *
     * @return whether it was still this holder's
     * @throws UnavailableException if too few nodes answer: it then ends after its ttl, or with another call of this
     * @throws IndeterminateException likewise
     */
    public boolean release() throws KeplerException {
        endRenewal();
        changing.lock();
        try {
            if (state.phase() != Phase.HELD) {
                return false;
            }
            try {
                file.replace(state.etag(), record.released());
            } catch (PreconditionFailedException | IndeterminateException unclear) {
                if (!releaseAfter(unclear)) {
                    return false;
                }
            }
            state = new State(Phase.RELEASED, state.etag(), state.confirmedAt());
            return true;
        } finally {
            changing.unlock();
        }
    }

    private boolean releaseAfter(KeplerException unclear) throws KeplerException {
        Optional<FileInfo> now = file.read();
        if (unclear instanceof IndeterminateException maybe
                && now.isPresent()
                && now.get().version().equals(maybe.version())) {
            return true;
        }
        if (now.isEmpty() || !LeaseRecord.of(now.get()).holder().equals(record.holder())) {
            state = new State(Phase.LOST, state.etag(), state.confirmedAt());
            return false;
        }
        file.replace(now.get().etag(), record.released());
        return true;
    }

    /** {@link #release}s it. */
    @Override
    public void close() throws KeplerException {
        release();
    }

    @Override
    public String toString() {
        return "Lease[" + file + ", token " + token() + ", " + state.phase() + ", "
                + remaining().toMillis() + " ms]";
    }
}
