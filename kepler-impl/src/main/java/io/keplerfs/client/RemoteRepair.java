package io.keplerfs.client;

import io.keplerfs.ClusterRepair;
import io.keplerfs.RepairReport;
import io.keplerfs.values.NodeId;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The members' repair through the gateways. Any thread. */
record RemoteRepair(Asks asks, GatewayClient client) implements ClusterRepair {
    @Override
    public CompletableFuture<RepairReport> statusAsync() {
        return client.async(() -> client.send(asks.repair(), Answers::repair));
    }

    @Override
    public CompletableFuture<RepairReport> startAsync(String work, List<NodeId> nodes) {
        return order(work, "start", nodes);
    }

    @Override
    public CompletableFuture<RepairReport> pauseAsync(String work, List<NodeId> nodes) {
        return order(work, "pause", nodes);
    }

    @Override
    public CompletableFuture<RepairReport> resumeAsync(String work, List<NodeId> nodes) {
        return order(work, "resume", nodes);
    }

    private CompletableFuture<RepairReport> order(String work, String order, List<NodeId> nodes) {
        return client.async(() -> client.send(asks.repairOrder(work, order, nodes), Answers::repair));
    }

    @Override
    public CompletableFuture<RepairReport> throttleAsync(long bytesPerSecond, List<NodeId> nodes) {
        return client.async(() -> client.send(asks.throttle(bytesPerSecond, nodes), Answers::repair));
    }
}
