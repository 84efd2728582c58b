package io.keplerfs.client;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import okhttp3.Response;

/**
 * What time it is by the clocks of the gateways, as far as their answers have told: the client's own clock may be wrong. Of several
 * gateways the one that is behind counts, because a node whose clock is far behind the time of a version id refuses the write.
 *
 * <p>Safe for use by several threads; its state is guarded by its monitor.
 */
final class GatewayTime {
    /** A gateway that was never asked may be behind the others by so much and need not set its clock forward. */
    private static final Duration MARGIN = Duration.ofSeconds(10);

    private final LongSupplier nanoClock;
    /** What each gateway's clock shows when {@link #nanoClock} shows zero, in milliseconds since 1970. */
    private final Map<Gateway, Long> millisAtZero = new HashMap<>();

    GatewayTime(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    /** Learns from the {@code Date} of an answer; one without it, or with one that nobody can read, changes nothing. */
    void heard(Gateway gateway, Response answer) {
        Instant date = answer.headers().getInstant("Date");
        if (date != null) {
            synchronized (this) {
                millisAtZero.put(gateway, date.toEpochMilli() - nowMillis());
            }
        }
    }

    /** Milliseconds since 1970 that every clock has certainly reached that was heard of; empty before the first answer. */
    synchronized OptionalLong passedMillis() {
        return millisAtZero.values().stream().mapToLong(Long::longValue).min().stream()
                .map(zero -> Math.max(0, zero + nowMillis() - MARGIN.toMillis()))
                .findFirst();
    }

    private long nowMillis() {
        return TimeUnit.NANOSECONDS.toMillis(nanoClock.getAsLong());
    }
}
