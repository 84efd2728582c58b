package io.keplerfs.files;

import io.keplerfs.ClusterRepair;
import io.keplerfs.RepairReport;
import io.keplerfs.values.NodeId;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Calls about repair that end when the node is closed, like all calls of its application. Any thread. */
record TrackedRepair(ClusterRepair repair, OpenCalls calls) implements ClusterRepair {
    @Override
    public CompletableFuture<RepairReport> statusAsync() {
        return calls.track(calls.reading(), repair::statusAsync);
    }

    @Override
    public CompletableFuture<RepairReport> startAsync(String work, List<NodeId> nodes) {
        return calls.track(calls.reading(), () -> repair.startAsync(work, nodes));
    }

    @Override
    public CompletableFuture<RepairReport> pauseAsync(String work, List<NodeId> nodes) {
        return calls.track(calls.reading(), () -> repair.pauseAsync(work, nodes));
    }

    @Override
    public CompletableFuture<RepairReport> resumeAsync(String work, List<NodeId> nodes) {
        return calls.track(calls.reading(), () -> repair.resumeAsync(work, nodes));
    }

    @Override
    public CompletableFuture<RepairReport> throttleAsync(long bytesPerSecond, List<NodeId> nodes) {
        return calls.track(calls.reading(), () -> repair.throttleAsync(bytesPerSecond, nodes));
    }
}
