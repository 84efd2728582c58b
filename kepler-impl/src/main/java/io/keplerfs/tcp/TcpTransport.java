package io.keplerfs.tcp;

import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Peer;
import io.keplerfs.spi.Transport;
import io.keplerfs.spi.TransportException;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@link Transport} over TCP, one connection per peer and lane, opened by the caller when needed and closed after five unused
 * minutes. Thread-safe.
 *
 * <p>A future that its caller ends itself (cancel, orTimeout) withdraws the request too; if it was being sent at that moment, the
 * connection is cut, because the rest of its bytes may not be read any more.
 */
public final class TcpTransport implements Transport {
    private static final Logger LOG = LoggerFactory.getLogger(TcpTransport.class);

    /** Threads end when their sockets are closed, unless a handler keeps them. */
    private static final Duration JOIN_PATIENCE = Duration.ofSeconds(2);

    /** Longer timeouts are as good as none, and would overflow the clock. */
    private static final Duration LONGEST_TIMEOUT = Duration.ofDays(365);

    private record Way(Peer peer, Lane lane) {}

    private final LongSupplier nanoClock;
    private final SecureRandom random;
    private final Timing timing;
    private final long bodyBudgetBytes;
    private final Map<Way, Link> links = new ConcurrentHashMap<>();
    private volatile @Nullable Running running;
    private volatile boolean closed;
    private volatile Keyring keys = Keyring.NONE;

    /** What exists between start and close. */
    private record Running(
            Site site, Acceptor acceptor, BodyPool bodies, Unproven dialing, Dialer dialer, Ticker ticker) {}

    /**
     * @param nanoClock monotonic, in nanoseconds
     * @param random nonces of greetings are drawn from it
     */
    public TcpTransport(LongSupplier nanoClock, SecureRandom random) {
        this(
                nanoClock,
                random,
                Timing.STANDARD,
                BodyPool.budgetFor(Runtime.getRuntime().maxMemory()));
    }

    TcpTransport(LongSupplier nanoClock, SecureRandom random, Timing timing, long bodyBudgetBytes) {
        this.nanoClock = nanoClock;
        this.random = random;
        this.timing = timing;
        this.bodyBudgetBytes = bodyBudgetBytes;
    }

    @Override
    public synchronized int start(Local local, Handler handler) throws IOException {
        Objects.requireNonNull(handler, "handler");
        if (closed || running != null) {
            throw new IllegalStateException(
                    "a transport is started once, this one was " + (closed ? "closed" : "started"));
        }
        ServerSocketChannel server = Acceptor.bind(local.bindHost(), local.port());
        keys = local.keys();
        Site site = new Site(local.id(), () -> keys, new Threads(local.threads()), nanoClock, random, timing);
        BodyPool bodies = new BodyPool(site, bodyBudgetBytes);
        Ticker ticker = new Ticker(this::tick);
        Acceptor acceptor = new Acceptor(site, handler, bodies, ticker::wake, server);
        Unproven dialing = new Unproven(site, Integer.MAX_VALUE);
        running = new Running(site, acceptor, bodies, dialing, new Dialer(site, dialing), ticker);
        boolean complete = false;
        try {
            site.threads().start("tcp-limits", ticker);
            site.threads().start("tcp-accept", acceptor::run);
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
        return server.socket().getLocalPort();
    }

    @Override
    public CompletableFuture<Message> call(Peer to, Lane lane, Message request, Duration timeout) {
        Running now = running;
        String hindrance = closed ? "this transport is closed" : now == null ? "this transport is not started" : null;
        if (hindrance == null) {
            hindrance = FrameHeader.misfit(lane, request);
        }
        if (now == null || hindrance != null) {
            return CompletableFuture.failedFuture(
                    TransportException.notDelivered("node " + to.id() + " was not called: " + hindrance, null));
        }
        long timeoutNanos = (timeout.compareTo(LONGEST_TIMEOUT) < 0 ? timeout : LONGEST_TIMEOUT).toNanos();
        return call(now, new Way(to, lane), request, timeoutNanos);
    }

    private CompletableFuture<Message> call(Running now, Way way, Message request, long timeoutNanos) {
        while (true) {
            Link link = links.computeIfAbsent(way, first -> new Link(now.site, now.dialer, way.peer, way.lane));
            CompletableFuture<Message> answer = link.call(request, timeoutNanos);
            if (closed) {
                // The link may have been made after close() looked for links to close.
                link.close();
            }
            if (answer != null) {
                now.ticker.wake();
                return answer;
            }
            if (closed) {
                return CompletableFuture.failedFuture(TransportException.notDelivered(
                        "node " + way.peer.id() + " was not called: this transport is closed", null));
            }
            links.remove(way, link);
        }
    }

    @Override
    public boolean reachable(Peer peer) {
        for (Lane lane : Lane.values()) {
            Link link = links.get(new Way(peer, lane));
            if (link != null && !link.reachable()) {
                return false;
            }
        }
        return true;
    }

    @Override
    public synchronized void use(Keyring newKeys) {
        if (running == null) {
            throw new IllegalStateException("keys " + newKeys + " before the transport was started");
        }
        keys = newKeys;
    }

    /** Applies every time limit; true if some may pass soon. */
    private boolean tick() {
        Running now = running;
        if (now == null) {
            return false;
        }
        boolean busy = now.acceptor.tick();
        now.dialing.tick();
        busy |= now.dialing.size() > 0;
        now.bodies.trim(timing.idle());
        links.values().removeIf(Link::tick);
        for (Link link : links.values()) {
            busy |= link.hasOpenCalls();
        }
        return busy;
    }

    @Override
    public void close() {
        Running was;
        synchronized (this) {
            closed = true;
            was = running;
        }
        if (was == null) {
            return;
        }
        was.acceptor.close();
        was.dialing.close();
        links.values().forEach(Link::close);
        was.ticker.close();
        List<Thread> left = was.site.threads().join(JOIN_PATIENCE);
        left.stream()
                .filter(thread -> thread != Thread.currentThread())
                .forEach(thread ->
                        LOG.info("{} has not ended yet: a handler or a name lookup keeps it", thread.getName()));
    }

    /** Bytes of request bodies being received or handled. */
    long bodyBytesInUse() {
        Running now = running;
        return now == null ? 0 : now.bodies.usedBytes();
    }

    /** Sockets that were accepted and have not proven who they are. */
    int strangers() {
        Running now = running;
        return now == null ? 0 : now.acceptor.unproven();
    }

    /** Connections of peers. */
    int guests() {
        Running now = running;
        return now == null ? 0 : now.acceptor.connections();
    }
}
