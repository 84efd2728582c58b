package io.keplerfs.node;

import io.keplerfs.ClusterKeys;
import io.keplerfs.ClusterViews;
import io.keplerfs.KeplerCluster;
import io.keplerfs.KeplerException;
import io.keplerfs.KeplerNode;
import io.keplerfs.KeplerOptions;
import io.keplerfs.MetadataBackup;
import io.keplerfs.NodeHealth;
import io.keplerfs.UnavailableException;
import io.keplerfs.ViewStatus;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;

/** A node that has been started. */
final class RunningNode implements KeplerNode {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(50);
    private static final Duration TELL_PROGRESS = Duration.ofMillis(500);

    private final NodeId id;
    private final KeplerOptions options;
    private final NodeAddress address;
    private final KeplerCluster cluster;
    private final ClusterKeys keys;
    private final Status status;
    private final Backups backups;
    private final Teardown teardown;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final ReentrantLock waiting = new ReentrantLock();
    private final Condition lookedAgain = waiting.newCondition();

    RunningNode(
            NodeId id,
            KeplerOptions options,
            NodeAddress address,
            KeplerCluster cluster,
            ClusterKeys keys,
            Status status,
            Backups backups,
            Teardown teardown) {
        this.id = id;
        this.options = options;
        this.address = address;
        this.cluster = cluster;
        this.keys = keys;
        this.status = status;
        this.backups = backups;
        this.teardown = teardown;
    }

    @Override
    public NodeId id() {
        return id;
    }

    @Override
    public String label() {
        return options.label();
    }

    @Override
    public NodeAddress address() {
        return address;
    }

    @Override
    public Optional<URI> httpUri() {
        if (address.httpPort() == 0) {
            return Optional.empty();
        }
        String host = address.host().contains(":") ? "[" + address.host() + "]" : address.host();
        return Optional.of(URI.create("http://" + host + ":" + address.httpPort()));
    }

    @Override
    public KeplerCluster cluster() {
        return cluster;
    }

    @Override
    public ClusterKeys keys() {
        return keys;
    }

    @Override
    public MetadataBackup backup(Path to) throws IOException {
        return backups.now(to);
    }

    @Override
    public NodeHealth health() {
        return closed.get() ? new NodeHealth(false, false, "the node is closed") : status.health();
    }

    @Override
    public boolean awaitReady(Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        waiting.lock();
        try {
            while (!health().ready()) {
                long left = deadline - System.nanoTime();
                if (left <= 0 || closed.get()) {
                    return false;
                }
                lookedAgain.awaitNanos(Math.min(left, LOOK_AGAIN.toNanos()));
            }
            return true;
        } finally {
            waiting.unlock();
        }
    }

    @Override
    public void drain(LongConsumer progress) throws KeplerException, InterruptedException {
        ClusterViews views = cluster.views();
        views.drain(id);
        for (ViewStatus now = views.status(); !isGone(now); now = views.status()) {
            now.members().stream()
                    .filter(member -> member.id().equals(id))
                    .forEach(self -> progress.accept(Math.max(0, self.leftToHandOver())));
            if (closed.get() || isActive(now)) {
                throw new UnavailableException(
                        "node " + label() + " was closed, or its drain cancelled, before it was drained");
            }
            pause();
        }
        progress.accept(0);
    }

    private boolean isGone(ViewStatus view) {
        return view.settled() && view.departed().contains(id);
    }

    private boolean isActive(ViewStatus view) {
        return view.members().stream()
                .anyMatch(member -> member.id().equals(id) && member.state() == ViewStatus.State.ACTIVE);
    }

    private void pause() throws InterruptedException {
        waiting.lock();
        try {
            long left = TELL_PROGRESS.toNanos();
            while (left > 0) {
                left = lookedAgain.awaitNanos(left);
            }
        } finally {
            waiting.unlock();
        }
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            teardown.close();
        }
    }

    @Override
    public String toString() {
        return "node " + label() + " at " + address;
    }
}
