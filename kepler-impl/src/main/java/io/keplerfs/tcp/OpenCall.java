package io.keplerfs.tcp;

import io.keplerfs.spi.Message;
import io.keplerfs.spi.TransportException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One call that is not done. All but {@link #future} and {@link #settled} is guarded by the {@link OpenCalls} it is in.
 *
 * <pre>
 * QUEUED   no byte has been taken: it can still be withdrawn as not delivered
 * WRITING  its buffers are being read: it cannot be done before that ends
 * WRITTEN  waits for the answer
 * </pre>
 */
final class OpenCall {
    enum Phase {
        QUEUED,
        WRITING,
        WRITTEN
    }

    final long id;
    final Message request;
    final long sinceNanos;
    final long timeoutNanos;
    final CompletableFuture<Message> future = new CompletableFuture<>();

    Phase phase = Phase.QUEUED;
    long writtenNanos;
    /** The answer has begun to arrive. */
    boolean answering;
    /** An answer that came before the writer said that the request is out. */
    @Nullable
    Message answer;

    @Nullable
    TransportException failure;

    private volatile boolean settled;

    OpenCall(long id, Message request, long sinceNanos, long timeoutNanos) {
        this.id = id;
        this.request = request;
        this.sinceNanos = sinceNanos;
        this.timeoutNanos = timeoutNanos;
    }

    int frameBytes() {
        return FrameHeader.BYTES + request.head().remaining() + request.body().remaining();
    }

    boolean hasOutcome() {
        return answer != null || failure != null;
    }

    /** Whether the transport itself ended the call; if its future is done without that, the caller gave up. */
    boolean settled() {
        return settled;
    }

    /** Completes the future with the answer or the failure. Outside of locks: strangers' code runs here. */
    void settle() {
        settled = true;
        if (answer != null) {
            future.complete(answer);
        } else if (failure != null) {
            future.completeExceptionally(failure);
        }
    }

    void fail(TransportException failed) {
        failure = failed;
        settle();
    }
}
