package io.keplerfs.examples;

import io.keplerfs.ClusterRepair;
import io.keplerfs.InvalidRequestException;
import io.keplerfs.RepairReport;
import io.keplerfs.RepairStatus;
import io.keplerfs.RepairWork;
import io.keplerfs.values.Backlog;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/** Remembers the orders it was given. Thread-safe. */
public class FakeRepair implements ClusterRepair {
    public static final RepairReport REPORT = new RepairReport(
            List.of(new RepairStatus(
                    FakeCluster.id(1),
                    "node-1",
                    List.of(
                            new RepairWork(
                                    "queue",
                                    RepairWork.State.RUNNING,
                                    10,
                                    30,
                                    10_000,
                                    40_000,
                                    1_000,
                                    30,
                                    Optional.of(Instant.EPOCH)),
                            new RepairWork("scrub", RepairWork.State.PAUSED, 0, 0, 0, 0, 0, 0, Optional.empty())),
                    List.of(
                            new Backlog(Priority.SMALL, 3, 0, 0),
                            new Backlog(Priority.ONE_COPY_LEFT, 12, 7, 20_000),
                            new Backlog(Priority.MOVE, 8, 8, 10_000)),
                    50_000_000,
                    111,
                    222)),
            List.of(FakeCluster.id(2)));

    private final List<String> orders = new CopyOnWriteArrayList<>();

    public List<String> orders() {
        return List.copyOf(orders);
    }

    @Override
    public CompletableFuture<RepairReport> statusAsync() {
        return CompletableFuture.completedFuture(REPORT);
    }

    @Override
    public CompletableFuture<RepairReport> startAsync(String work, List<NodeId> nodes) {
        return order("start " + work, work, nodes);
    }

    @Override
    public CompletableFuture<RepairReport> pauseAsync(String work, List<NodeId> nodes) {
        return order("pause " + work, work, nodes);
    }

    @Override
    public CompletableFuture<RepairReport> resumeAsync(String work, List<NodeId> nodes) {
        return order("resume " + work, work, nodes);
    }

    @Override
    public CompletableFuture<RepairReport> throttleAsync(long bytesPerSecond, List<NodeId> nodes) {
        return order("throttle " + bytesPerSecond, "queue", nodes);
    }

    private CompletableFuture<RepairReport> order(String order, String work, List<NodeId> nodes) {
        if (!List.of("queue", "scrub", "anti-entropy").contains(work)) {
            return CompletableFuture.failedFuture(new InvalidRequestException("there is no work '" + work + "'"));
        }
        orders.add(order + " " + nodes);
        return statusAsync();
    }
}
