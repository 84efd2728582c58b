package io.keplerfs.tcp;

import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Transport;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.MalformedMessageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection that a peer opened. The thread that greeted it reads requests and runs the handler, a second one sends answers.
 * Guarded by itself.
 *
 * <p>Back-pressure: when too much is in progress, no further request is read; the socket fills, then the caller's queue.
 */
final class Incoming {
    private static final Logger LOG = LoggerFactory.getLogger(Incoming.class);

    /** Small requests in progress: more than the callers of one node wait for. */
    static final int MAX_CONTROL = 1024;
    /** Bulk requests in progress: each may hold a chunk until it is sent, and a peer may be slow to take it. */
    static final int MAX_BULK = 32;
    /** Heads (and bodies of control messages) of requests in progress. */
    static final long MAX_KEPT_BYTES = 16L << 20;

    private final Site site;
    private final Transport.Handler handler;
    private final BodyPool bodies;
    private final NodeId from;
    private final Lane lane;
    private final Connection connection;
    private final LogLimit complaints;

    private final Set<Request> inProgress = new HashSet<>();
    private final ArrayDeque<Answer> answers = new ArrayDeque<>();
    private long keptBytes;
    private boolean sends = true;
    private boolean reads = true;
    private volatile boolean receiving;
    private volatile boolean sending;
    private volatile long receivingSinceNanos;
    private volatile long sendingSinceNanos;

    private record Answer(Request request, FrameHeader.Type type, Message message) {
        int frameBytes() {
            return FrameHeader.BYTES
                    + message.head().remaining()
                    + message.body().remaining();
        }
    }

    /** @param complaints shared by all connections */
    Incoming(
            Site site,
            Transport.Handler handler,
            BodyPool bodies,
            Handshake.Guest guest,
            Connection connection,
            LogLimit complaints) {
        this.site = site;
        this.handler = handler;
        this.bodies = bodies;
        from = guest.id();
        lane = guest.lane();
        this.connection = connection;
        this.complaints = complaints;
    }

    NodeId from() {
        return from;
    }

    Lane lane() {
        return lane;
    }

    Connection connection() {
        return connection;
    }

    @Nullable
    String misfit(Message answer) {
        return FrameHeader.misfit(lane, answer);
    }

    // The reading thread.

    /** Serves until the connection ends. */
    void run() {
        String reason = "its reader ended";
        try {
            site.threads().start("tcp-answer-" + from.toString().substring(0, 8), this::send);
            FrameReader reader = connection.reader();
            for (FrameHeader header = reader.next(); header != null; header = reader.next()) {
                receive(reader, header);
            }
            reason = "the peer closed it";
        } catch (MalformedMessageException garbage) {
            reason = "the peer sent garbage: " + garbage.getMessage();
            complain("connection from node " + from + " is cut: " + reason, null);
        } catch (InterruptedException stopped) {
            reason = "its thread was interrupted";
        } catch (IOException broken) {
            reason = Sockets.reason(broken);
        } finally {
            end(reason);
            synchronized (this) {
                reads = false;
            }
        }
    }

    private void receive(FrameReader reader, FrameHeader header) throws IOException, InterruptedException {
        if (header.type() != FrameHeader.Type.REQUEST) {
            throw new MalformedMessageException("an answer where only requests may come");
        }
        boolean bulk = lane == Lane.BULK;
        int kept = header.headBytes() + (bulk ? 0 : header.bodyBytes());
        awaitRoom(kept);
        BodyPool.Lease body =
                bulk ? bodies.take(header.bodyBytes(), connection::ended) : bodies.unpooled(header.bodyBytes());
        if (body == null) {
            throw new IOException(connection.endReason());
        }
        byte[] head = receive(reader, header, body);
        Request request = new Request(this, header.callId(), kept, body);
        synchronized (this) {
            inProgress.add(request);
            keptBytes += kept;
        }
        ByteBuffer bytes = ByteBuffer.wrap(body.array(), 0, header.bodyBytes()).slice();
        deliver(request, new Message(ByteBuffer.wrap(head), bytes));
    }

    private synchronized void awaitRoom(int bytes) throws IOException, InterruptedException {
        int most = lane == Lane.CONTROL ? MAX_CONTROL : MAX_BULK;
        while (inProgress.size() >= most || (keptBytes > 0 && keptBytes + bytes > MAX_KEPT_BYTES)) {
            if (!sends) {
                throw new IOException(connection.endReason());
            }
            wait();
        }
    }

    /** Reads head and body; the body goes back if that fails. */
    private byte[] receive(FrameReader reader, FrameHeader header, BodyPool.Lease body) throws IOException {
        boolean complete = false;
        receivingSinceNanos = site.now();
        receiving = true;
        try {
            byte[] head = reader.head(header);
            reader.read(body.array(), header.bodyBytes());
            complete = true;
            return head;
        } finally {
            receiving = false;
            if (!complete) {
                body.recycle();
            }
        }
    }

    /** A handler is not ours: whatever it throws is answered and said, and hurts no other request. */
    private void deliver(Request request, Message message) {
        try {
            handler.handle(from, message, request);
        } catch (RuntimeException | Error thrown) {
            complain("the handler of a request from node " + from + " threw " + thrown, thrown);
            request.fail("handler threw " + thrown);
        }
    }

    private void complain(String event, @Nullable Throwable cause) {
        String line = complaints.line(event);
        if (!line.isEmpty()) {
            LOG.warn(line, cause);
        }
    }

    // Any thread.

    /** Queues an answer; if the connection is over there is nobody to take it. */
    void answer(Request request, FrameHeader.Type type, Message message) {
        synchronized (this) {
            if (sends) {
                answers.add(new Answer(request, type, message));
                notifyAll();
                return;
            }
        }
        finish(request);
    }

    private void finish(Request request) {
        request.finish();
        synchronized (this) {
            inProgress.remove(request);
            keptBytes -= request.keptBytes();
            notifyAll();
        }
    }

    /** Ends the connection; its threads follow. */
    void end(String reason) {
        if (connection.end(reason)) {
            LOG.debug("connection from node {} ({}) ended: {}", from, lane, reason);
        }
        synchronized (this) {
            sends = false;
            notifyAll();
        }
    }

    /** Ends the connection if the peer stalls; true if nothing of it is left. */
    boolean tick() {
        if (!connection.ended()) {
            endIfStalled();
            return false;
        }
        boolean forgotten = site.passed(site.timing().forgotten(), connection.endedNanos());
        List<Request> given = new ArrayList<>();
        synchronized (this) {
            if (forgotten) {
                given.addAll(inProgress);
            } else if (!inProgress.isEmpty()) {
                return false;
            }
        }
        given.forEach(Request::abandon);
        return !isReading();
    }

    private void endIfStalled() {
        Timing timing = site.timing();
        if (receiving && stalled(receivingSinceNanos, connection.lastReceivedNanos())) {
            end("the peer stopped in the middle of a request");
        } else if (sending && stalled(sendingSinceNanos, connection.lastSentNanos())) {
            end("the peer takes no answers");
        } else if (site.passed(timing.idle().plus(timing.stalled()), connection.lastMovedNanos())) {
            end("unused");
        }
    }

    private boolean stalled(long sinceNanos, long lastMovedNanos) {
        return site.passed(site.timing().stalled(), sinceNanos)
                && site.passed(site.timing().stalled(), lastMovedNanos);
    }

    /** Whether its thread is still there, perhaps in a handler that does not return. */
    synchronized boolean isReading() {
        return reads;
    }

    // The sending thread.

    private void send() {
        String reason = "its writer ended";
        try {
            for (List<Answer> batch = next(); !batch.isEmpty(); batch = next()) {
                send(batch);
            }
        } catch (InterruptedException stopped) {
            reason = "its thread was interrupted";
        } catch (IOException broken) {
            reason = Sockets.reason(broken);
        } finally {
            end(reason);
            dropAnswers();
        }
    }

    private synchronized List<Answer> next() throws InterruptedException {
        while (sends && answers.isEmpty()) {
            wait();
        }
        List<Answer> batch = new ArrayList<>();
        int room = FrameWriter.BUFFER_BYTES;
        while (sends && !answers.isEmpty()) {
            int bytes = answers.element().frameBytes();
            if (!batch.isEmpty() && bytes > room) {
                break;
            }
            batch.add(answers.remove());
            room -= bytes;
        }
        return batch;
    }

    private void send(List<Answer> batch) throws IOException {
        sendingSinceNanos = site.now();
        sending = true;
        try {
            for (Answer answer : batch) {
                connection.writer().add(answer.type(), answer.request().callId(), answer.message());
            }
            connection.writer().flush();
        } finally {
            sending = false;
            batch.forEach(answer -> finish(answer.request()));
        }
    }

    private void dropAnswers() {
        List<Answer> rest;
        synchronized (this) {
            rest = List.copyOf(answers);
            answers.clear();
        }
        rest.forEach(answer -> finish(answer.request()));
    }
}
