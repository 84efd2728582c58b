package io.keplerfs.http;

import io.keplerfs.KeplerCluster;
import io.keplerfs.NodeHealth;
import io.keplerfs.values.Measure;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;

/** What every part of one gateway shares. */
final class GatewayContext {
    final GatewayOptions options;
    final KeplerCluster cluster;
    final Supplier<NodeHealth> health;
    final Supplier<List<Measure>> measures;
    final Workers workers;
    final Metrics metrics = new Metrics();
    final Failures failures;

    /** Set once; answers then close their connections. */
    volatile boolean draining;

    private volatile DateLine date = new DateLine(Long.MIN_VALUE, "");

    GatewayContext(
            GatewayOptions options,
            KeplerCluster cluster,
            Supplier<NodeHealth> health,
            Supplier<List<Measure>> measures) {
        this.options = options;
        this.cluster = cluster;
        this.health = health;
        this.measures = measures;
        GatewayLimits limits = options.limits();
        this.workers = new Workers(limits.workers(), limits.queuedWork(), options.threads());
        this.failures = new Failures(options.label(), nanoTime());
    }

    GatewayLimits limits() {
        return options.limits();
    }

    GatewayLimits.Timeouts timeouts() {
        return options.limits().timeouts();
    }

    long nanoTime() {
        return options.nanoClock().getAsLong();
    }

    /** Value of the Date header; formatted once a second. */
    String date() {
        long millis = options.wallClock().millis();
        DateLine line = date;
        if (line.second() != millis / 1000) {
            line = new DateLine(millis / 1000, HttpDate.format(Instant.ofEpochMilli(millis)));
            date = line;
        }
        return line.text();
    }

    private record DateLine(long second, String text) {}
}
