package io.keplerfs.examples;

import io.keplerfs.ClusterViews;
import io.keplerfs.ViewStatus;
import io.keplerfs.values.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** A view of two members, one of which drains; notes what it is asked for. */
public class FakeViews implements ClusterViews {
    public static final NodeId ONE = new NodeId(new UUID(0, 1));
    public static final NodeId TWO = new NodeId(new UUID(0, 2));
    public static final NodeId GONE = new NodeId(new UUID(0, 3));

    private final List<String> asked = new ArrayList<>();

    public List<String> asked() {
        return asked;
    }

    @Override
    public CompletableFuture<ViewStatus> statusAsync() {
        return CompletableFuture.completedFuture(new ViewStatus(
                7,
                true,
                3,
                0,
                List.of(
                        new ViewStatus.Member(ONE, "node-a", "", 1, ViewStatus.State.ACTIVE, -1),
                        new ViewStatus.Member(TWO, "node-b", "east", 2, ViewStatus.State.DRAINING, 12)),
                List.of(GONE)));
    }

    @Override
    public CompletableFuture<Void> drainAsync(NodeId node) {
        return note("drain " + node);
    }

    @Override
    public CompletableFuture<Void> cancelDrainAsync(NodeId node) {
        return note("cancel " + node);
    }

    @Override
    public CompletableFuture<Void> evictAsync(NodeId node) {
        return note("evict " + node);
    }

    @Override
    public CompletableFuture<Void> forceAsync(List<NodeId> survivors) {
        return note("force " + survivors);
    }

    private CompletableFuture<Void> note(String what) {
        asked.add(what);
        return CompletableFuture.completedFuture(null);
    }
}
