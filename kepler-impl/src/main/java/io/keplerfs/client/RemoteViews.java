package io.keplerfs.client;

import io.keplerfs.ClusterViews;
import io.keplerfs.ViewStatus;
import io.keplerfs.values.NodeId;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The agreed view through the gateways. Any thread. */
record RemoteViews(Asks asks, GatewayClient client) implements ClusterViews {
    @Override
    public CompletableFuture<ViewStatus> statusAsync() {
        return client.async(() -> client.send(asks.view(), Answers::view));
    }

    @Override
    public CompletableFuture<Void> drainAsync(NodeId node) {
        return done(asks.drain(node));
    }

    @Override
    public CompletableFuture<Void> cancelDrainAsync(NodeId node) {
        return done(asks.cancelDrain(node));
    }

    @Override
    public CompletableFuture<Void> evictAsync(NodeId node) {
        return done(asks.evict(node));
    }

    @Override
    public CompletableFuture<Void> forceAsync(List<NodeId> survivors) {
        return done(asks.forceView(survivors));
    }

    private CompletableFuture<Void> done(Ask ask) {
        return client.async(() -> client.send(ask, Answers::view)).thenAccept(agreed -> {});
    }
}
