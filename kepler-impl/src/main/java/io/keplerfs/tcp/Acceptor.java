package io.keplerfs.tcp;

import io.keplerfs.spi.Transport;
import io.keplerfs.wire.MalformedMessageException;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The port of a node: lets peers in, and strangers wait briefly and few at a time. The set of incoming connections is guarded by
 * itself.
 */
final class Acceptor {
    private static final Logger LOG = LoggerFactory.getLogger(Acceptor.class);

    /** Strangers cost a thread each while they greet. */
    static final int MAX_UNPROVEN = 64;
    /** Peers cost two threads a connection: two lanes of 500 nodes. */
    static final int MAX_CONNECTIONS = 1000;
    /** Of one peer on one lane: one is used, others are left over from breaks or belong to other names of this node. */
    static final int MAX_CONNECTIONS_PER_LANE = 4;

    /** The kernel holds this many while the accepting thread is busy. */
    private static final int BACKLOG = 128;
    /** After a failed accept (too many open files) another would fail at once. */
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Site site;
    private final Transport.Handler handler;
    private final BodyPool bodies;
    private final Runnable wakeTicker;
    private final ServerSocketChannel server;
    private final Handshake handshake;
    private final Unproven unproven;
    private final LogLimit strangers;
    private final LogLimit complaints;
    private final Set<Incoming> incoming = new HashSet<>();
    private volatile boolean closed;

    /** @param wakeTicker called when a time limit begins */
    Acceptor(Site site, Transport.Handler handler, BodyPool bodies, Runnable wakeTicker, ServerSocketChannel server) {
        this.site = site;
        this.handler = handler;
        this.bodies = bodies;
        this.wakeTicker = wakeTicker;
        this.server = server;
        handshake = new Handshake(site.id(), site.keys(), site.random());
        unproven = new Unproven(site, MAX_UNPROVEN);
        strangers = new LogLimit(site.nanoClock());
        complaints = new LogLimit(site.nanoClock());
    }

    /** @throws IOException naming host, port and the setting to change */
    static ServerSocketChannel bind(String host, int port) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open();
        boolean bound = false;
        try {
            server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            InetSocketAddress address = new InetSocketAddress(host, port);
            if (address.isUnresolved()) {
                throw new IOException(
                        "host " + host + " is not known: set bindHost (BIND_HOST) to an address of this machine");
            }
            server.bind(address, BACKLOG);
            bound = true;
            return server;
        } catch (java.net.SocketException taken) {
            throw new IOException(
                    "cannot listen for transfers on " + host + ":" + port + " (" + Sockets.reason(taken)
                            + "): set transferPort (TRANSFER_PORT) to a free port, or 0 for any",
                    taken);
        } finally {
            if (!bound) {
                Sockets.close(server);
            }
        }
    }

    // The accepting thread.

    void run() {
        while (!closed) {
            try {
                admit(server.accept());
            } catch (ClosedChannelException end) {
                return;
            } catch (IOException failed) {
                LOG.warn("cannot accept a connection, trying again: {}", Sockets.reason(failed));
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private void admit(SocketChannel channel) throws IOException {
        boolean started = false;
        unproven.add(channel, site.timing().greeting());
        try {
            site.threads().start("tcp-serve", () -> serve(channel));
            started = true;
            wakeTicker.run();
        } finally {
            if (!started) {
                unproven.remove(channel);
                Sockets.close(channel);
            }
        }
    }

    // One thread per connection.

    private void serve(SocketChannel channel) {
        Incoming welcome = null;
        try {
            welcome = greet(channel);
        } finally {
            unproven.remove(channel);
            if (welcome == null) {
                Sockets.close(channel);
            }
        }
        if (welcome != null) {
            welcome.run();
        }
    }

    private @Nullable Incoming greet(SocketChannel channel) {
        String remote = Sockets.remote(channel);
        try {
            Sockets.configure(channel);
            return welcome(channel, handshake.receive(channel));
        } catch (GreetingRefusedException refused) {
            logStranger(remote, refused.getMessage(), refused.needsOperator());
        } catch (MalformedMessageException garbage) {
            logStranger(remote, garbage.getMessage(), false);
        } catch (ClosedChannelException late) {
            logStranger(
                    remote, "it did not greet within " + site.timing().greeting() + ", or too many do at once", false);
        } catch (EOFException left) {
            LOG.debug("connection from {} ended before its greeting", remote);
        } catch (IOException broken) {
            logStranger(remote, Sockets.reason(broken), false);
        }
        return null;
    }

    private void logStranger(String remote, @Nullable String reason, boolean needsOperator) {
        String line = closed ? "" : strangers.line("connection from " + remote + " is refused: " + reason);
        if (!line.isEmpty() && needsOperator) {
            LOG.warn(line);
        } else if (!line.isEmpty()) {
            LOG.info(line);
        }
    }

    private Incoming welcome(SocketChannel channel, Handshake.Guest guest) throws IOException {
        Incoming guests =
                new Incoming(site, handler, bodies, guest, new Connection(site, channel, guest.lane()), complaints);
        if (!enter(guests)) {
            handshake.turnAway(channel, Greeting.Verdict.BUSY);
            throw new GreetingRefusedException(
                    "node " + guest.id() + " has " + MAX_CONNECTIONS_PER_LANE
                            + " connections whose requests do not end, or all nodes have " + MAX_CONNECTIONS,
                    true);
        }
        boolean said = false;
        try {
            handshake.welcome(channel, guest);
            said = true;
            LOG.debug("node {} ({}) connected from {}", guest.id(), guest.lane(), Sockets.remote(channel));
            return guests;
        } finally {
            if (!said) {
                leave(guests);
            }
        }
    }

    /** A peer that comes again too often has lost the older connections: the one that was silent longest makes room. */
    private boolean enter(Incoming next) {
        Incoming oldest = null;
        synchronized (incoming) {
            List<Incoming> same = incoming.stream()
                    .filter(one -> one.from().equals(next.from()) && one.lane() == next.lane() && one.isReading())
                    .toList();
            if (closed || incoming.size() >= MAX_CONNECTIONS) {
                return false;
            }
            if (same.size() >= MAX_CONNECTIONS_PER_LANE) {
                oldest = same.stream()
                        .filter(one -> !one.connection().ended())
                        .min(Comparator.comparingLong(one -> one.connection().lastMovedNanos() - site.now()))
                        .orElse(null);
                if (oldest == null) {
                    return false;
                }
            }
            incoming.add(next);
        }
        if (oldest != null) {
            oldest.end("the same peer opened too many connections");
        }
        return true;
    }

    private void leave(Incoming one) {
        synchronized (incoming) {
            incoming.remove(one);
        }
    }

    // Any thread.

    private List<Incoming> all() {
        synchronized (incoming) {
            return List.copyOf(incoming);
        }
    }

    /** Applies the time limits; true if one may pass soon. */
    boolean tick() {
        unproven.tick();
        for (Incoming one : all()) {
            if (one.tick()) {
                leave(one);
            }
        }
        return unproven.size() > 0;
    }

    /** Connections that were welcomed and are not forgotten. */
    int connections() {
        synchronized (incoming) {
            return incoming.size();
        }
    }

    int unproven() {
        return unproven.size();
    }

    void close() {
        closed = true;
        Sockets.close(server);
        unproven.close();
        all().forEach(one -> one.end("this node is closing"));
    }
}
