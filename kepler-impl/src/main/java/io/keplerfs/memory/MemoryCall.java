package io.keplerfs.memory;

import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Transport;
import io.keplerfs.spi.TransportException;
import io.keplerfs.values.NodeId;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/**
 * One request and what became of it. Any thread may push it on; its future completes on the caller's line.
 *
 * <pre>
 * WAITING    deliver  DELIVERED   the handler may act on it
 * WAITING    abort    DONE        it never will
 * DELIVERED  answer   DONE
 * DELIVERED  abort    DONE        nobody knows
 * </pre>
 */
final class MemoryCall implements Transport.Responder {
    /** What a handler finds in a body that it kept for too long. */
    private static final byte RECYCLED = (byte) 0xDD;

    private enum State {
        WAITING,
        DELIVERED,
        DONE
    }

    private final Station caller;
    private final NodeId to;
    private final Lane lane;
    private final Message request;
    private final Duration timeout;
    private final CompletableFuture<Message> answer = new CompletableFuture<>();
    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
    private volatile Runnable stopTimer = () -> {};

    MemoryCall(Station caller, NodeId to, Lane lane, Message request, Duration timeout) {
        this.caller = caller;
        this.to = to;
        this.lane = lane;
        this.request = copy(request);
        this.timeout = timeout;
    }

    NodeId from() {
        return caller.id();
    }

    NodeId to() {
        return to;
    }

    Lane lane() {
        return lane;
    }

    /** A copy: neither side ever sees what the other does to its buffers. */
    Message request() {
        return request;
    }

    long size() {
        return (long) request.head().remaining() + request.body().remaining();
    }

    CompletableFuture<Message> answer() {
        return answer;
    }

    /** Starts the clock, anew on the bulk lane when bytes have moved. */
    void startTimer() {
        stopTimer.run();
        stopTimer = caller.line()
                .after(timeout, () -> abort("no answer to " + this + " after " + timeout.toMillis() + " ms"));
        if (state.get() == State.DONE) {
            stopTimer.run();
        }
    }

    /** Whether the request may be handed to the handler; true only once. */
    boolean deliver() {
        boolean first = state.compareAndSet(State.WAITING, State.DELIVERED);
        if (first && lane == Lane.BULK) {
            startTimer();
        }
        return first;
    }

    @Override
    public void respond(Message response) {
        long head = response.head().remaining();
        long body = response.body().remaining();
        if (Limits.allow(lane, head, body)) {
            Message copy = copy(response);
            finish(() -> answer.complete(copy));
        } else {
            finishFailed("the answer to " + this + " is too large: head " + head + ", body " + body + " bytes");
        }
        recycle();
    }

    @Override
    public void fail(String reason) {
        finishFailed(to + " could not answer " + this + ": " + reason);
        recycle();
    }

    private void finishFailed(String reason) {
        finish(() -> answer.completeExceptionally(TransportException.maybeDelivered(reason, null)));
    }

    private void finish(Runnable completion) {
        if (state.compareAndSet(State.DELIVERED, State.DONE)) {
            end(completion);
        }
    }

    /** Ends the call without an answer; nothing happens if it has one. */
    void abort(String reason) {
        State last = state.getAndSet(State.DONE);
        if (last == State.WAITING) {
            end(() -> answer.completeExceptionally(TransportException.notDelivered(reason, null)));
        } else if (last == State.DELIVERED) {
            end(() -> answer.completeExceptionally(TransportException.maybeDelivered(reason, null)));
        }
    }

    private void end(Runnable completion) {
        stopTimer.run();
        caller.complete(this, completion);
    }

    private void recycle() {
        Arrays.fill(request.body().array(), RECYCLED);
    }

    private static Message copy(Message message) {
        return new Message(copy(message.head()), copy(message.body()));
    }

    private static ByteBuffer copy(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return ByteBuffer.wrap(bytes);
    }

    @Override
    public String toString() {
        return lane + " request of " + from() + " to " + to;
    }
}
