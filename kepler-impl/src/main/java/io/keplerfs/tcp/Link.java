package io.keplerfs.tcp;

import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Peer;
import io.keplerfs.spi.TransportException;
import io.keplerfs.wire.MalformedMessageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to one peer on one lane, from the caller's side. Guarded by itself; its own thread connects and writes, a second one per
 * connection reads.
 *
 * <pre>
 * IDLE          nothing runs           → CONNECTING when called
 * CONNECTING    first attempt          → UP, DOWN
 * UP            requests are written   → RECONNECTING when it broke and was in use, IDLE when unused
 * RECONNECTING  next attempt           → UP, DOWN
 * DOWN          pause                  → RECONNECTING when the pause is over or when called, IDLE when nobody asks any more
 * CLOSED        for ever; every state leads here, IDLE also when forgotten
 * </pre>
 */
final class Link {
    private static final Logger LOG = LoggerFactory.getLogger(Link.class);

    enum State {
        IDLE,
        CONNECTING,
        UP,
        RECONNECTING,
        DOWN,
        CLOSED
    }

    private static final String UNUSED = "unused";

    private final Site site;
    private final Dialer dialer;
    private final Peer peer;
    private final Lane lane;
    private final String name;
    private final OpenCalls calls;

    private State state = State.IDLE;
    private @Nullable Connection connection;
    private long lastAttemptNanos;
    private long lastCalledNanos;
    private long lastAskedNanos;
    private String lastFailure = "";

    Link(Site site, Dialer dialer, Peer peer, Lane lane) {
        this.site = site;
        this.dialer = dialer;
        this.peer = peer;
        this.lane = lane;
        name = "node " + peer.id() + " at " + peer.host() + ":" + peer.transferPort() + " ("
                + (lane == Lane.CONTROL ? "control" : "bulk") + ")";
        calls = new OpenCalls(lane, name);
        lastCalledNanos = site.now();
        lastAskedNanos = lastCalledNanos;
    }

    /** The future of the answer; null if this link was closed and another must be made. */
    @Nullable
    CompletableFuture<Message> call(Message request, long timeoutNanos) {
        OpenCall call;
        synchronized (this) {
            if (state == State.CLOSED) {
                return null;
            }
            long now = site.now();
            lastCalledNanos = now;
            lastAskedNanos = now;
            if (state == State.DOWN && !site.passed(site.timing().failFast(), lastAttemptNanos)) {
                return CompletableFuture.failedFuture(calls.notDelivered("is out of reach: " + lastFailure, null));
            }
            TransportException noThread = ensureThread();
            call = noThread == null ? calls.offer(request, now, timeoutNanos) : null;
            if (call == null) {
                return CompletableFuture.failedFuture(noThread == null ? calls.full() : noThread);
            }
            notifyAll();
        }
        call.future.whenComplete((answer, failure) -> giveUp(call));
        return call.future;
    }

    private @Nullable TransportException ensureThread() {
        if (state != State.IDLE) {
            return null;
        }
        try {
            site.threads().start("tcp-call-" + role(), this::run);
        } catch (IOException noThread) {
            return calls.notDelivered("cannot be called: " + noThread.getMessage(), noThread);
        }
        become(State.CONNECTING);
        return null;
    }

    private String role() {
        return (lane == Lane.CONTROL ? "control-" : "bulk-")
                + peer.id().toString().substring(0, 8);
    }

    /** Callers may end a future themselves; then its buffers must not be read any more either. */
    private void giveUp(OpenCall call) {
        if (!call.settled() && calls.abandon(call)) {
            endConnection("a caller gave up while its request was being sent");
        }
    }

    /** False while the peer is known to be out of reach. */
    synchronized boolean reachable() {
        lastAskedNanos = site.now();
        return state != State.RECONNECTING && state != State.DOWN && state != State.CLOSED;
    }

    boolean hasOpenCalls() {
        return !calls.isEmpty();
    }

    // The thread of this link.

    private void run() {
        boolean done = false;
        try {
            while (awaitTurn()) {
                Connection opened = connect();
                if (opened != null) {
                    carry(opened);
                }
            }
            done = true;
        } catch (InterruptedException stopped) {
            LOG.warn("{}: its thread was interrupted, calls that were open fail", name);
        } finally {
            if (!done) {
                close();
            }
        }
    }

    /** Waits until the next connect is due; false if none is and this thread ends. */
    private synchronized boolean awaitTurn() throws InterruptedException {
        while (true) {
            if (state == State.CLOSED || state == State.IDLE) {
                return false;
            }
            if (state == State.CONNECTING) {
                return true;
            }
            if (!calls.hasQueued() && site.passed(site.timing().idle(), lastAskedNanos)) {
                become(State.IDLE);
                return false;
            }
            long pauseNanos = (calls.hasQueued()
                                    ? site.timing().failFast()
                                    : site.timing().retry())
                            .toNanos()
                    - (site.now() - lastAttemptNanos);
            if (pauseNanos <= 0) {
                become(State.RECONNECTING);
                return true;
            }
            TimeUnit.NANOSECONDS.timedWait(this, pauseNanos);
        }
    }

    private @Nullable Connection connect() {
        Connection opened = null;
        IOException failure = null;
        try {
            opened = dialer.dial(peer, lane);
        } catch (IOException unreachable) {
            failure = unreachable;
        }
        return arrive(opened, failure);
    }

    private @Nullable Connection arrive(@Nullable Connection opened, @Nullable IOException failure) {
        String reason = failure == null ? "" : Sockets.reason(failure);
        synchronized (this) {
            lastAttemptNanos = site.now();
            if (state == State.CLOSED) {
                if (opened != null) {
                    opened.end("closed");
                }
                return null;
            }
            if (opened != null) {
                logUp();
                connection = opened;
                become(State.UP);
                return opened;
            }
            logDown(reason, failure instanceof GreetingRefusedException refused && refused.needsOperator());
            become(State.DOWN);
        }
        calls.failQueued("is out of reach: " + reason, failure);
        return null;
    }

    private void carry(Connection opened) throws InterruptedException {
        try {
            site.threads().start("tcp-answers-" + role(), () -> readAnswers(opened));
            write(opened);
        } catch (IOException failed) {
            opened.end(Sockets.reason(failed));
        } finally {
            opened.end("its thread ended");
            afterCarrying(opened.endReason());
        }
    }

    private void write(Connection opened) throws IOException, InterruptedException {
        FrameWriter writer = opened.writer();
        while (true) {
            List<OpenCall> batch = calls.begin(FrameWriter.BUFFER_BYTES, opened::ended);
            if (batch.isEmpty()) {
                return;
            }
            opened.expectAnswer();
            for (OpenCall call : batch) {
                writer.add(FrameHeader.Type.REQUEST, call.id, call.request);
            }
            writer.flush();
            calls.written(batch, site.now());
        }
    }

    /** First the state, then the futures: who learns of a failure must not find the peer reachable because of it. */
    private void afterCarrying(String reason) {
        List<OpenCall> lost = calls.takeBegun(reason);
        leaveUp(reason);
        lost.forEach(OpenCall::settle);
    }

    private synchronized void leaveUp(String reason) {
        connection = null;
        if (state == State.CLOSED) {
            return;
        }
        boolean broke = !reason.equals(UNUSED);
        boolean recentlyUsed = !site.passed(site.timing().idle(), lastCalledNanos);
        if (broke && recentlyUsed) {
            LOG.info("{}: connection broke: {}", name, reason);
            lastFailure = reason;
            become(State.RECONNECTING);
        } else if (calls.hasQueued()) {
            become(State.CONNECTING);
        } else {
            LOG.debug("{}: disconnected: {}", name, reason);
            become(State.IDLE);
        }
    }

    private void readAnswers(Connection opened) {
        String reason = "its reader ended";
        try {
            FrameReader reader = opened.reader();
            for (FrameHeader header = reader.next(); header != null; header = reader.next()) {
                readAnswer(reader, header);
            }
            reason = "the peer closed the connection";
        } catch (MalformedMessageException garbage) {
            reason = "the peer sent garbage: " + garbage.getMessage();
        } catch (IOException broken) {
            reason = Sockets.reason(broken);
        } finally {
            opened.end(reason);
            calls.wake();
        }
    }

    private void readAnswer(FrameReader reader, FrameHeader header) throws IOException {
        if (header.type() == FrameHeader.Type.REQUEST) {
            throw new MalformedMessageException("a request where only answers may come");
        }
        byte[] head = reader.head(header);
        if (!calls.answering(header.callId())) {
            reader.skip(header.bodyBytes());
        } else if (header.type() == FrameHeader.Type.FAILURE) {
            calls.refused(header.callId(), new String(head, StandardCharsets.UTF_8));
        } else {
            byte[] body = new byte[header.bodyBytes()];
            reader.read(body, body.length);
            calls.answered(header.callId(), new Message(ByteBuffer.wrap(head), ByteBuffer.wrap(body)));
        }
    }

    // Any thread.

    /** Ends calls that are late and connections that are dead or unused; true if this link can be forgotten. */
    boolean tick() {
        Connection current;
        synchronized (this) {
            current = connection;
            boolean unused = calls.isEmpty() && site.passed(site.timing().idle(), lastCalledNanos);
            if (current != null && unused && current.end(UNUSED)) {
                calls.wake();
            }
            if (state == State.IDLE && unused) {
                become(State.CLOSED);
                return true;
            }
        }
        endLateCalls(current);
        return false;
    }

    private void endLateCalls(@Nullable Connection current) {
        long now = site.now();
        long lastMoved = current == null ? now - TimeUnit.DAYS.toNanos(1) : current.lastMovedNanos();
        OpenCalls.Expired expired = calls.expire(now, lastMoved);
        boolean late = expired.whileWriting() || !expired.calls().isEmpty();
        if (current != null && late) {
            if (expired.whileWriting()) {
                endConnection("a request could not be sent within its timeout");
            } else if (current.isDeaf()) {
                endConnection("nothing was heard for " + site.timing().deaf().toMillis() + " ms or more");
            }
        }
        expired.calls().forEach(OpenCall::settle);
    }

    private void endConnection(String reason) {
        Connection current;
        synchronized (this) {
            current = connection;
        }
        if (current != null) {
            current.end(reason);
            calls.wake();
        }
    }

    /** Fails what is open; a call whose buffers are being read a moment later. */
    void close() {
        synchronized (this) {
            become(State.CLOSED);
        }
        endConnection("this node is closing");
        calls.failQueued("was not called: this node is closing", null);
    }

    // The one door of the state, and what operators read.

    private void become(State next) {
        LOG.trace("{}: {} -> {}", name, state, next);
        state = next;
        notifyAll();
    }

    private void logUp() {
        if (lastFailure.isEmpty()) {
            LOG.debug("{}: connected", name);
        } else {
            LOG.info("{}: connected again, after: {}", name, lastFailure);
        }
        lastFailure = "";
    }

    private void logDown(String reason, boolean needsOperator) {
        if (reason.equals(lastFailure)) {
            LOG.trace("{}: still out of reach: {}", name, reason);
        } else if (needsOperator) {
            LOG.warn("{}: refused: {}", name, reason);
        } else {
            LOG.info("{}: out of reach: {}", name, reason);
        }
        lastFailure = reason;
    }
}
