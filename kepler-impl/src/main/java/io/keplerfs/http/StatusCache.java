package io.keplerfs.http;

import io.keplerfs.ClusterStatus;
import io.keplerfs.KeplerCluster;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The cluster's status for scrapers: asked at most once a second, whoever scrapes. Guarded by itself. */
final class StatusCache {
    private static final long FRESH_NANOS = Duration.ofSeconds(1).toNanos();

    /** A question that hangs for so long is given up and asked again. */
    private static final long LOST_NANOS = Duration.ofSeconds(30).toNanos();

    private final KeplerCluster cluster;
    private final LongSupplier nanoClock;
    private @Nullable CompletableFuture<ClusterStatus> newest;
    private long askedAt;

    StatusCache(KeplerCluster cluster, LongSupplier nanoClock) {
        this.cluster = cluster;
        this.nanoClock = nanoClock;
    }

    synchronized CompletableFuture<ClusterStatus> get() {
        CompletableFuture<ClusterStatus> status = newest;
        long age = nanoClock.getAsLong() - askedAt;
        if (status == null || age > (status.isDone() ? FRESH_NANOS : LOST_NANOS)) {
            askedAt = nanoClock.getAsLong();
            status = cluster.statusAsync();
            newest = status;
        }
        return status;
    }
}
