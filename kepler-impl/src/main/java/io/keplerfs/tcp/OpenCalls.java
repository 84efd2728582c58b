package io.keplerfs.tcp;

import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.TransportException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The calls to one peer on one lane that are not done, from the queue to the answer. Thread-safe; guarded by itself; futures
 * complete outside of the lock.
 *
 * <p>Times: a call on the control lane may take its timeout in all. On the bulk lane its clock starts anew whenever bytes move
 * on the connection, because one call waits for the bytes of others; but the answer must begin within
 * {@link #MAX_SILENCES} timeouts of the request's last byte, or a request that the peer forgot would hang its caller for as
 * long as others keep the connection busy.
 */
final class OpenCalls {
    /** A peer that is this far behind will not catch up before the timeouts. */
    static final int MAX_OPEN_CONTROL = 4096;
    /** Each may hold a chunk of its caller: 1 GiB of 4 MiB chunks. */
    static final int MAX_OPEN_BULK = 256;

    static final int MAX_SILENCES = 20;

    private final Lane lane;
    private final String target;
    private final ArrayDeque<OpenCall> queued = new ArrayDeque<>();
    private final Map<Long, OpenCall> begun = new HashMap<>();
    private long nextId = 1;

    /** @param target names peer and lane in failures */
    OpenCalls(Lane lane, String target) {
        this.lane = lane;
        this.target = target;
    }

    private int capacity() {
        return lane == Lane.CONTROL ? MAX_OPEN_CONTROL : MAX_OPEN_BULK;
    }

    /** Queues a request; null if the peer has too many already. */
    synchronized @Nullable OpenCall offer(Message request, long nowNanos, long timeoutNanos) {
        if (queued.size() + begun.size() >= capacity()) {
            return null;
        }
        OpenCall call = new OpenCall(nextId++, request, nowNanos, timeoutNanos);
        queued.add(call);
        notifyAll();
        return call;
    }

    TransportException full() {
        return notDelivered(
                "has " + capacity() + " calls open already: it answers too slowly, or this node asks too fast", null);
    }

    TransportException notDelivered(String what, @Nullable Throwable cause) {
        return TransportException.notDelivered(target + " " + what, cause);
    }

    private TransportException maybeDelivered(String what) {
        return TransportException.maybeDelivered(target + " " + what, null);
    }

    synchronized boolean isEmpty() {
        return queued.isEmpty() && begun.isEmpty();
    }

    synchronized boolean hasQueued() {
        return !queued.isEmpty();
    }

    /** Makes {@link #begin} look at its {@code ended} again. */
    synchronized void wake() {
        notifyAll();
    }

    /**
     * Waits for calls and hands the oldest ones to the writer: at least one, more if their frames fit into the room.
     *
     * @return empty once {@code ended} is true
     */
    synchronized List<OpenCall> begin(int roomBytes, BooleanSupplier ended) throws InterruptedException {
        while (queued.isEmpty() && !ended.getAsBoolean()) {
            wait();
        }
        List<OpenCall> batch = new ArrayList<>();
        int room = roomBytes;
        while (!ended.getAsBoolean() && !queued.isEmpty()) {
            int bytes = queued.element().frameBytes();
            if (!batch.isEmpty() && bytes > room) {
                break;
            }
            OpenCall call = queued.remove();
            call.phase = OpenCall.Phase.WRITING;
            begun.put(call.id, call);
            batch.add(call);
            room -= bytes;
        }
        return batch;
    }

    /** The writer is done with the buffers of these calls. Completes those whose answer was faster than this news. */
    void written(List<OpenCall> batch, long nowNanos) {
        List<OpenCall> answered = new ArrayList<>();
        synchronized (this) {
            for (OpenCall call : batch) {
                call.phase = OpenCall.Phase.WRITTEN;
                call.writtenNanos = nowNanos;
                if (call.hasOutcome()) {
                    begun.remove(call.id);
                    answered.add(call);
                }
            }
        }
        answered.forEach(OpenCall::settle);
    }

    /** An answer begins to arrive: false if nobody waits for it any more. */
    synchronized boolean answering(long id) {
        OpenCall call = begun.get(id);
        if (call == null || call.hasOutcome()) {
            return false;
        }
        call.answering = true;
        return true;
    }

    void answered(long id, Message answer) {
        end(id, call -> call.answer = answer);
    }

    /** The peer says that it could not answer. */
    void refused(long id, String reason) {
        end(id, call -> call.failure = maybeDelivered("could not answer: " + reason));
    }

    private void end(long id, Consumer<OpenCall> outcome) {
        OpenCall call;
        synchronized (this) {
            call = begun.get(id);
            if (call == null || call.hasOutcome()) {
                return;
            }
            outcome.accept(call);
            if (call.phase == OpenCall.Phase.WRITING) {
                return;
            }
            begun.remove(id);
        }
        call.settle();
    }

    /** The caller gave up: forgets the call. True if its buffers are being read, which only the end of the connection stops. */
    synchronized boolean abandon(OpenCall call) {
        if (call.phase == OpenCall.Phase.WRITING) {
            return begun.containsKey(call.id);
        }
        queued.remove(call);
        begun.remove(call.id);
        return false;
    }

    /** What {@link #expire} found: calls to settle, and whether one timed out while its buffers were being read. */
    record Expired(List<OpenCall> calls, boolean whileWriting) {}

    /** Takes out the calls whose time is over, except those being written. */
    synchronized Expired expire(long nowNanos, long lastMovedNanos) {
        List<OpenCall> calls = new ArrayList<>();
        boolean whileWriting = takeExpired(queued, call -> isLate(call, nowNanos, lastMovedNanos), calls);
        whileWriting |= takeExpired(begun.values(), call -> isLate(call, nowNanos, lastMovedNanos), calls);
        for (OpenCall call : calls) {
            String what = "did not answer within " + call.timeoutNanos / 1_000_000 + " ms";
            call.failure = call.phase == OpenCall.Phase.QUEUED
                    ? notDelivered(what + ": the request was still waiting to be sent", null)
                    : maybeDelivered(what + (lane == Lane.BULK ? " of silence" : ""));
        }
        return new Expired(calls, whileWriting);
    }

    private static boolean takeExpired(Collection<OpenCall> from, Predicate<OpenCall> late, List<OpenCall> to) {
        boolean whileWriting = false;
        for (Iterator<OpenCall> each = from.iterator(); each.hasNext(); ) {
            OpenCall call = each.next();
            if (!late.test(call)) {
                continue;
            }
            if (call.phase == OpenCall.Phase.WRITING) {
                whileWriting = true;
            } else {
                each.remove();
                to.add(call);
            }
        }
        return whileWriting;
    }

    private boolean isLate(OpenCall call, long now, long lastMoved) {
        if (lane == Lane.CONTROL) {
            return now - call.sinceNanos >= call.timeoutNanos;
        }
        boolean movedSince = lastMoved - call.sinceNanos > 0;
        if (now - (movedSince ? lastMoved : call.sinceNanos) >= call.timeoutNanos) {
            return true;
        }
        return call.phase == OpenCall.Phase.WRITTEN
                && !call.answering
                && (now - call.writtenNanos) / MAX_SILENCES >= call.timeoutNanos;
    }

    /** The connection is gone and nobody reads buffers any more: what was begun may have arrived. To be settled. */
    synchronized List<OpenCall> takeBegun(String reason) {
        List<OpenCall> all = List.copyOf(begun.values());
        begun.clear();
        for (OpenCall call : all) {
            if (!call.hasOutcome()) {
                call.failure = maybeDelivered("broke off: " + reason);
            }
        }
        return all;
    }

    /** No connection will come: nothing of these has arrived. */
    void failQueued(String reason, @Nullable Throwable cause) {
        List<OpenCall> all;
        synchronized (this) {
            all = List.copyOf(queued);
            queued.clear();
        }
        for (OpenCall call : all) {
            call.fail(notDelivered(reason, cause));
        }
    }
}
