package io.keplerfs.tcp;

import io.keplerfs.spi.Message;
import io.keplerfs.spi.Transport;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;

/** A request that was received, with its body's memory and the way back for its answer. Any thread. */
final class Request implements Transport.Responder {
    private final Incoming incoming;
    private final long callId;
    private final int keptBytes;
    private final BodyPool.Lease body;
    private final AtomicBoolean answered = new AtomicBoolean();

    /** @param keptBytes what it weighs in its connection's window */
    Request(Incoming incoming, long callId, int keptBytes, BodyPool.Lease body) {
        this.incoming = incoming;
        this.callId = callId;
        this.keptBytes = keptBytes;
        this.body = body;
    }

    long callId() {
        return callId;
    }

    int keptBytes() {
        return keptBytes;
    }

    @Override
    public void respond(Message response) {
        String misfit = incoming.misfit(response);
        if (misfit != null) {
            fail("its answer cannot travel: " + misfit);
        } else {
            answer(FrameHeader.Type.ANSWER, response);
        }
    }

    @Override
    public void fail(String reason) {
        byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        byte[] head = Arrays.copyOf(text, Math.min(text.length, FrameHeader.MAX_REASON_BYTES));
        answer(FrameHeader.Type.FAILURE, Message.of(ByteBuffer.wrap(head)));
    }

    private void answer(FrameHeader.Type type, Message answer) {
        if (answered.compareAndSet(false, true)) {
            if (!body.isPartOf(answer)) {
                body.recycle();
            }
            incoming.answer(this, type, answer);
        }
    }

    /** The answer has left, or never will. */
    void finish() {
        body.recycle();
    }

    /** No answer is expected any more, and it could not be sent: the memory is given up to whoever still reads it. */
    void abandon() {
        if (answered.compareAndSet(false, true)) {
            body.forfeit();
        }
    }
}
