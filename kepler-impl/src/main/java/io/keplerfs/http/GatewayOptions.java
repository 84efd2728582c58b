package io.keplerfs.http;

import io.keplerfs.ClusterKeys;
import io.keplerfs.MetadataBackup;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadFactory;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * What a gateway is told by the node that starts it.
 *
 * @param bindHost host name or address to listen on
 * @param port TCP port, 0 for any free one
 * @param label this node's name, in errors and on the index page
 * @param version the library's version, on the index page
 * @param threads makes every thread of the gateway, event loops and workers
 * @param nanoClock monotonic nanoseconds, for latencies and deadlines
 * @param wallClock time of day, for the Date header
 * @param keys the node's cluster secrets; empty: the gateway does not serve them
 * @param backups copies the node's metadata to a file on its machine; fails as unavailable
 * @param limits sizes, counts and timeouts
 */
public record GatewayOptions(
        String bindHost,
        int port,
        String label,
        String version,
        ThreadFactory threads,
        LongSupplier nanoClock,
        InstantSource wallClock,
        Optional<ClusterKeys> keys,
        Function<Path, CompletableFuture<MetadataBackup>> backups,
        GatewayLimits limits) {
    public GatewayOptions {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("HTTP_PORT is " + port + ", allowed are 0 to 65535");
        }
    }
}
