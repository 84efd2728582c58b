package io.keplerfs.swim;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts what was dropped, and logs one line a minute for each reason at most: who floods the port must not flood the log. Any
 * thread.
 */
final class Refusals {
    private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);
    private static final long INTERVAL_NANOS = Duration.ofMinutes(1).toNanos();

    private final Counters counters;
    private final LongSupplier nanoClock;

    /** When each reason may be logged again. Guarded by this. */
    private final Map<Refusal, Long> quietUntil = new EnumMap<>(Refusal.class);

    Refusals(Counters counters, LongSupplier nanoClock) {
        this.counters = counters;
        this.nanoClock = nanoClock;
    }

    /**
     * @param from where it came from
     * @param detail for the operator
     */
    void count(Refusal reason, Object from, String detail) {
        counters.of(reason).increment();
        if (!mayLog(reason)) {
            return;
        }
        if (reason == Refusal.BROKEN_SEAL) {
            LOG.warn(
                    "gossip from {} was refused: {}. If it is a node of this cluster, give both the same CLUSTER_SECRET."
                            + " Further ones are counted and logged once a minute.",
                    from,
                    detail);
        } else {
            LOG.info("gossip from {} was dropped ({}): {}", from, reason, detail);
        }
    }

    private synchronized boolean mayLog(Refusal reason) {
        long now = nanoClock.getAsLong();
        if (now - quietUntil.getOrDefault(reason, now) < 0) {
            return false;
        }
        quietUntil.put(reason, now + INTERVAL_NANOS);
        return true;
    }
}
