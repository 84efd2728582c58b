package io.keplerfs.examples;

import io.keplerfs.ClusterKeys;
import io.keplerfs.KeplerCluster;
import io.keplerfs.KeplerNode;
import io.keplerfs.KeplerOptions;
import io.keplerfs.MetadataBackup;
import io.keplerfs.NodeHealth;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongConsumer;

/** A node that has started at once and remembers that it was closed. */
public final class FakeNode implements KeplerNode {
    private static final int ANY_FREE_PORT = 23456;

    private final KeplerOptions options;
    private final KeplerCluster cluster;
    private final boolean ready;
    private final AtomicBoolean closed = new AtomicBoolean();

    public FakeNode(KeplerOptions options, KeplerCluster cluster, boolean ready) {
        this.options = options;
        this.cluster = cluster;
        this.ready = ready;
    }

    public boolean isClosed() {
        return closed.get();
    }

    @Override
    public NodeId id() {
        return FakeCluster.id(1);
    }

    @Override
    public String label() {
        return options.label();
    }

    @Override
    public NodeAddress address() {
        return new NodeAddress(
                options.advertiseHost(),
                bound(options.httpPort()),
                bound(options.gossipPort()),
                bound(options.transferPort()));
    }

    private static int bound(int port) {
        return port == 0 ? ANY_FREE_PORT : port;
    }

    @Override
    public Optional<URI> httpUri() {
        return Optional.of(URI.create("http://" + options.advertiseHost() + ":" + bound(options.httpPort())));
    }

    @Override
    public KeplerCluster cluster() {
        return cluster;
    }

    @Override
    public ClusterKeys keys() {
        throw new UnsupportedOperationException("a fake node has no keys");
    }

    @Override
    public NodeHealth health() {
        return new NodeHealth(true, ready, ready ? "" : "1 of 3 owners reachable");
    }

    @Override
    public void drain(LongConsumer progress) {
        progress.accept(0);
    }

    @Override
    public MetadataBackup backup(Path to) {
        throw new UnsupportedOperationException("a fake node has no metadata");
    }

    @Override
    public boolean awaitReady(Duration timeout) {
        return ready;
    }

    @Override
    public void close() {
        closed.set(true);
    }
}
