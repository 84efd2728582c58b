package io.keplerfs.register;

import io.keplerfs.loop.Loop;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.Store;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the ballots of this node, none of them ever twice: not after a crash, not after the wall clock was set back. A hybrid
 * logical clock (Kulkarni et al., 2014): wall milliseconds in the upper 48 bits, but above everything issued or seen.
 *
 * <p>A high-water mark is kept in the store (setting {@value #SETTING}: a long) ahead of the time; a restart begins above it.
 * Owned by the loop.
 */
public final class HybridClock {
    static final String SETTING = "clock";
    /** A stamp of a peer farther ahead than this is a broken clock; following it would spread the damage. */
    public static final Duration MAX_AHEAD = Duration.ofHours(1);
    /** How far ahead time is reserved: one small write per {@link #RENEWAL}. A crash costs at most so much lead. */
    private static final Duration RESERVE = Duration.ofSeconds(60);

    private static final Duration RENEWAL = Duration.ofSeconds(20);
    /** Reserved at least, when the clock is ahead of the wall, so that quick restarts do not run away from it. */
    private static final Duration LEAST_RESERVE = Duration.ofSeconds(1);

    private static final int COUNTER_BITS = 16;
    private static final Logger LOG = LoggerFactory.getLogger(HybridClock.class);

    private final Loop loop;
    private final Store store;
    private final NodeId node;
    private long last;
    private long reserved;
    private boolean reserving;
    private boolean warned;
    private boolean closed;
    private Loop.@Nullable Timer renewal;

    private HybridClock(Loop loop, Store store, NodeId node, long last, long reserved) {
        this.loop = loop;
        this.store = store;
        this.node = node;
        this.last = last;
        this.reserved = reserved;
    }

    /** Reserves the first stretch of time. Completes on the loop; fails if the store cannot write. */
    public static CompletableFuture<HybridClock> open(Loop loop, Store store, NodeId node) {
        CompletableFuture<HybridClock> opened = new CompletableFuture<>();
        long wall = stamp(loop.wallMillis());
        CompletableFuture<HybridClock> made = store.write(transaction -> {
            long mark = transaction
                    .setting(SETTING)
                    .map(bytes -> new WireReader(bytes).int64())
                    .orElse(0L);
            long reserved = reservation(wall, mark);
            transaction.putSetting(SETTING, new WireWriter().int64(reserved).toBytes());
            return new HybridClock(loop, store, node, mark, reserved);
        });
        loop.when(made, (clock, failure) -> {
            if (clock == null) {
                opened.completeExceptionally(failure);
                return;
            }
            clock.warnIfFarAhead();
            clock.renewRegularly();
            opened.complete(clock);
        });
        return opened;
    }

    /** Whether a stamp can only come from a broken clock. */
    static boolean isTooFarAhead(long time, long wallMillis) {
        return time >>> COUNTER_BITS > wallMillis + MAX_AHEAD.toMillis();
    }

    /**
     * A ballot above every other one made or seen here; empty while no time is reserved, because the store has not confirmed
     * it: try again a little later.
     */
    public Optional<Ballot> next() {
        long time = Math.max(last + 1, Math.min(stamp(loop.wallMillis()), reserved));
        if (closed) {
            return Optional.empty();
        }
        if (time > reserved) {
            reserve();
            return Optional.empty();
        }
        last = time;
        return Optional.of(new Ballot(time, node));
    }

    /** What the clock shows, in milliseconds since 1970. */
    long millis() {
        return Math.max(last, stamp(loop.wallMillis())) >>> COUNTER_BITS;
    }

    /** Makes sure that later ballots are above this stamp of a peer, unless it is too far ahead to be believed. */
    public void observe(long time) {
        if (!isTooFarAhead(time, loop.wallMillis())) {
            last = Math.max(last, time);
        } else if (!warned) {
            warned = true;
            LOG.warn(
                    "ignored a version stamp {} minutes ahead of this node's clock; check the clocks of the cluster (said once)",
                    ((time >>> COUNTER_BITS) - loop.wallMillis()) / 60_000);
        }
    }

    /**
     * Makes no more ballots, and gives back the time that was reserved and not used, so that a restart does not run ahead. On the
     * loop; the future completes on a thread of the store.
     */
    public CompletableFuture<Void> close() {
        closed = true;
        if (renewal != null) {
            renewal.cancel();
        }
        byte[] mark = new WireWriter().int64(last).toBytes();
        return store.write(transaction -> {
            transaction.putSetting(SETTING, mark);
            return null;
        });
    }

    private void renewRegularly() {
        if (closed) {
            return;
        }
        long wall = stamp(loop.wallMillis());
        if (reserved < wall + stamp(RESERVE.minus(RENEWAL).toMillis())) {
            reserve();
        }
        renewal = loop.schedule(RENEWAL, this::renewRegularly);
    }

    private void reserve() {
        if (reserving || closed) {
            return;
        }
        reserving = true;
        long mark = Math.max(reserved, reservation(stamp(loop.wallMillis()), last));
        CompletableFuture<Boolean> stored = store.write(transaction -> {
            transaction.putSetting(SETTING, new WireWriter().int64(mark).toBytes());
            return true;
        });
        loop.when(stored, (done, failure) -> {
            reserving = false;
            if (failure == null) {
                reserved = mark;
            } else {
                LOG.warn(
                        "the store of this node did not take the clock's mark; it cannot write files until it does",
                        failure);
            }
        });
    }

    private void warnIfFarAhead() {
        if (isTooFarAhead(last, loop.wallMillis())) {
            LOG.warn(
                    "the clock of this node was once {} minutes ahead of what it shows now; peers refuse its writes until then",
                    ((last >>> COUNTER_BITS) - loop.wallMillis()) / 60_000);
        }
    }

    private static long reservation(long wall, long last) {
        return Math.max(wall + stamp(RESERVE.toMillis()), last + stamp(LEAST_RESERVE.toMillis()));
    }

    /** The first time that a ballot can have whose millisecond is this one. */
    static long stamp(long millis) {
        return millis << COUNTER_BITS;
    }
}
