package io.keplerfs.memory;

import io.keplerfs.InMemoryNetwork;
import io.keplerfs.spi.Membership;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The nodes of one JVM that reach each other without sockets. Any thread.
 *
 * <p>Messages are copied, and a request body is overwritten once it is answered, so that code that works here does not rely on
 * sharing buffers. There is no latency and no loss but {@link #isolate} and {@link #split}.
 */
public final class MemoryNetwork implements InMemoryNetwork {
    private static final Logger LOG = LoggerFactory.getLogger(MemoryNetwork.class);

    private final RandomGenerator random;
    private final Function<NodeId, Store> stores;
    private final Map<NodeId, Station> stations = new ConcurrentHashMap<>();
    private final Map<NodeId, Observer> observers = new ConcurrentHashMap<>();
    private final Set<NodeId> isolated = ConcurrentHashMap.newKeySet();
    /** One side of the split; empty while there is none. */
    private volatile Set<NodeId> side = Set.of();

    /**
     * @param random for the ids of new stores; used by one thread at a time
     * @param stores makes an empty store with the id
     */
    public MemoryNetwork(RandomGenerator random, Function<NodeId, Store> stores) {
        this.random = random;
        this.stores = stores;
    }

    @Override
    public Transport newTransport() {
        return new MemoryTransport(this);
    }

    @Override
    public Membership newMembership() {
        return new MemoryMembership(this);
    }

    @Override
    public Store newStore() {
        NodeId id;
        synchronized (random) {
            id = new NodeId(new UUID(random.nextLong(), random.nextLong()));
        }
        return stores.apply(id);
    }

    @Override
    public void isolate(NodeId node) {
        if (isolated.add(node)) {
            LOG.info("node {} is cut off from the in-memory network", node);
            String reason = "node " + node + " was cut off";
            stations.values().forEach(station -> station.abortCallsTo(node, reason));
            Station cut = stations.get(node);
            if (cut != null) {
                cut.abortCalls(reason);
            }
            everybodyLooks();
        }
    }

    @Override
    public void heal(NodeId node) {
        if (isolated.remove(node)) {
            LOG.info("node {} is back on the in-memory network", node);
            everybodyLooks();
        }
    }

    @Override
    public void split(Set<NodeId> newSide) {
        LOG.info("the in-memory network splits: {} and the rest", newSide);
        side = Set.copyOf(newSide);
        for (Station station : stations.values()) {
            stations.keySet().stream()
                    .filter(other -> cut(station.id(), other))
                    .forEach(other -> station.abortCallsTo(other, "the network was split"));
        }
        everybodyLooks();
    }

    @Override
    public void unite() {
        LOG.info("the in-memory network is one again");
        side = Set.of();
        everybodyLooks();
    }

    /** Whether nothing passes between the two. */
    boolean cut(NodeId one, NodeId other) {
        return isolated.contains(one) || isolated.contains(other) || side.contains(one) != side.contains(other);
    }

    // ---- transports

    void add(Station station) throws IOException {
        if (stations.putIfAbsent(station.id(), station) != null) {
            throw new IOException("node " + station.id() + " is already on this network; close its transport first");
        }
    }

    /** Where calls from a station to a node go; null if they cannot get there. */
    @Nullable
    Station target(Station from, NodeId to) {
        Station target = stations.get(to);
        return target != null && target.keys().accepts(from.keys()) && !cut(from.id(), to) ? target : null;
    }

    void remove(Station station) {
        if (stations.remove(station.id(), station)) {
            stations.values()
                    .forEach(other -> other.abortCallsTo(station.id(), "node " + station.id() + " was closed"));
        }
    }

    // ---- memberships

    void add(Observer observer) {
        if (observers.putIfAbsent(observer.id(), observer) != null) {
            throw new IllegalStateException(
                    "node " + observer.id() + " is already on this network; close its membership first");
        }
        observer.start();
        cardChanged();
    }

    /** Somebody's card, or the set of nodes, has changed: each may belong to each now. */
    void cardChanged() {
        observers.values().forEach(Observer::hello);
    }

    /** Whether the observer can see the other node up. */
    boolean linked(Observer from, NodeId to) {
        Observer other = observers.get(to);
        return other != null
                && from.keys().accepts(other.keys())
                && other.keys().accepts(from.keys())
                && !cut(from.id(), to);
    }

    List<Observer> linkedTo(Observer observer) {
        return observers.values().stream()
                .filter(other -> other != observer && linked(observer, other.id()))
                .toList();
    }

    /** Takes a node off the network, and waits until another has seen it or the time is over. Idempotent. */
    void leave(Observer leaver, Duration timeout) {
        leaver.leave();
        if (!observers.remove(leaver.id(), leaver)) {
            return;
        }
        List<CompletableFuture<Void>> looks = everybodyLooks();
        if (!looks.isEmpty() && !timeout.isZero()) {
            awaitAny(looks, timeout);
        }
    }

    private static void awaitAny(List<CompletableFuture<Void>> looks, Duration timeout) {
        try {
            CompletableFuture.anyOf(looks.toArray(CompletableFuture[]::new))
                    .get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException late) {
            LOG.info("a good-bye was not heard within {} ms; it will be", timeout.toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException impossible) {
            throw new AssertionError("a look completes whatever happens", impossible);
        }
    }

    private List<CompletableFuture<Void>> everybodyLooks() {
        return observers.values().stream().map(Observer::lookSoon).toList();
    }
}
