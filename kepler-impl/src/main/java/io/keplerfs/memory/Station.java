package io.keplerfs.memory;

import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Peer;
import io.keplerfs.spi.Transport;
import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A started {@link MemoryTransport}: one node's place on the network, for both its own calls and those of others.
 *
 * <p>Maintainers: its line handles control requests, timers, and the completion of its own calls. Handlers of bulk requests may
 * block, so those of each peer have a line of their own. A call is first put among the open ones and then looks for its target;
 * whoever cuts a link first takes the target away and then aborts open calls: so none is forgotten.
 */
final class Station {
    private static final Logger LOG = LoggerFactory.getLogger(Station.class);

    private final MemoryNetwork network;
    private final Transport.Local local;
    private final Transport.Handler handler;
    private final Line line;
    private final Set<MemoryCall> open = ConcurrentHashMap.newKeySet();
    private final Set<NodeId> called = ConcurrentHashMap.newKeySet();

    /** Guarded by this, as is the change of {@link #closed}, so that no line is begun after the end. */
    private final Map<NodeId, Inbox> control = new HashMap<>();
    /** Guarded by this. */
    private final Map<NodeId, Inbox> bulk = new HashMap<>();

    private volatile boolean closed;
    private volatile Keyring keys;

    Station(MemoryNetwork network, Transport.Local local, Transport.Handler handler) {
        this.network = network;
        this.local = local;
        this.keys = local.keys();
        this.handler = handler;
        this.line = new Line(local.threads());
    }

    NodeId id() {
        return local.id();
    }

    Keyring keys() {
        return keys;
    }

    void use(Keyring newKeys) {
        keys = newKeys;
    }

    Line line() {
        return line;
    }

    CompletableFuture<Message> call(Peer to, Lane lane, Message request, Duration timeout) {
        called.add(to.id());
        MemoryCall call = new MemoryCall(this, to.id(), lane, request, timeout);
        open.add(call);
        Station target = network.target(this, to.id());
        if (closed) {
            call.abort("node " + id() + " is closed");
        } else if (target == null) {
            call.abort("node " + to.id() + " is not reachable from " + id());
        } else {
            call.startTimer();
            target.accept(call);
        }
        return call.answer();
    }

    private void accept(MemoryCall call) {
        Inbox inbox = inbox(call);
        if (inbox == null) {
            call.abort("node " + id() + " is closed");
        } else if (!inbox.offer(call.size(), () -> handle(call))) {
            call.abort("too many requests wait for node " + id() + " on the lane " + call.lane() + "; try later");
        }
    }

    private synchronized @Nullable Inbox inbox(MemoryCall call) {
        if (closed) {
            return null;
        }
        return call.lane() == Lane.CONTROL
                ? control.computeIfAbsent(call.from(), from -> new Inbox(line))
                : bulk.computeIfAbsent(call.from(), from -> new Inbox(new Line(local.threads())));
    }

    private void handle(MemoryCall call) {
        if (closed || !call.deliver()) {
            return;
        }
        try {
            handler.handle(call.from(), call.request(), call);
        } catch (RuntimeException | Error bug) {
            LOG.warn("node {} failed on a {}; its caller is told so", id(), call, bug);
            call.fail("its handler threw " + bug);
        }
    }

    /** Completes a call of this station on its line, or on this thread if the line has ended. */
    void complete(MemoryCall call, Runnable completion) {
        open.remove(call);
        if (!line.execute(completion)) {
            completion.run();
        }
    }

    /** A peer is believed reachable until it is called; then it is known. */
    boolean reachable(NodeId peer) {
        return !called.contains(peer) || network.target(this, peer) != null;
    }

    void abortCallsTo(NodeId peer, String reason) {
        open.stream().filter(call -> call.to().equals(peer)).forEach(call -> call.abort(reason));
    }

    void abortCalls(String reason) {
        open.forEach(call -> call.abort(reason));
    }

    void close() {
        List<Inbox> bulkInboxes;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            bulkInboxes = List.copyOf(bulk.values());
        }
        network.remove(this);
        abortCalls("node " + id() + " was closed");
        line.end();
        bulkInboxes.forEach(Inbox::end);
    }
}
