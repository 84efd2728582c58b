package io.keplerfs.replication;

import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.MissingChunkException;
import io.keplerfs.spi.Pin;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Asks other nodes (or this one) about chunks. Any thread. */
final class ChunkCalls {
    /** A pin is one small transaction; a node that needs longer is stuck. */
    static final Duration PIN_TIMEOUT = Duration.ofSeconds(5);
    /** Silence on the bulk lane, including the receiver's fsync: a disk that needs longer is stuck. */
    static final Duration BULK_SILENCE = Duration.ofSeconds(15);

    private final Rpc rpc;

    ChunkCalls(Rpc rpc) {
        this.rpc = rpc;
    }

    /** Records the reference at the node and sends the bytes if it lacks them; done when both are durable there. */
    CompletableFuture<Void> give(NodeId to, ChunkId chunk, Pin pin, ByteBuffer bytes) {
        return pin(to, chunk, pin)
                .thenCompose(have -> have ? CompletableFuture.completedFuture(null) : put(to, chunk, bytes));
    }

    /** True if the node has the bytes; fails if the upload was given up for dead there, so that no reference was recorded. */
    CompletableFuture<Boolean> pin(NodeId to, ChunkId chunk, Pin pin) {
        return rpc.call(to, Lane.CONTROL, ChunkMessages.pin(chunk, pin), PIN_TIMEOUT)
                .thenCompose(answer -> {
                    int code = new WireReader(answer.head()).u8();
                    return code == ChunkMessages.GIVEN_UP
                            ? CompletableFuture.failedFuture(
                                    new UploadGivenUpException("upload " + pin.upload() + " of " + pin.bucket() + "/"
                                            + pin.key() + " was given up for dead on " + to + "; begin the put anew"))
                            : CompletableFuture.completedFuture(code == ChunkMessages.HAVE);
                });
    }

    CompletableFuture<Void> put(NodeId to, ChunkId chunk, ByteBuffer bytes) {
        return rpc.call(to, Lane.BULK, ChunkMessages.put(chunk, bytes.duplicate()), BULK_SILENCE)
                .thenApply(answer -> null);
    }

    /** Fails with {@link MissingChunkException} if the node has no good copy. */
    CompletableFuture<ByteBuffer> get(NodeId from, ChunkId chunk, int offset, int length, boolean verify) {
        return rpc.call(from, Lane.BULK, ChunkMessages.get(chunk, offset, length, verify), BULK_SILENCE)
                .thenCompose(answer -> {
                    if (new WireReader(answer.head()).u8() == ChunkMessages.MISSING) {
                        return CompletableFuture.failedFuture(new MissingChunkException(chunk, "not on " + from));
                    }
                    if (answer.body().remaining() != length) {
                        return CompletableFuture.failedFuture(new MalformedMessageException(
                                from + " sent " + answer.body().remaining() + " bytes instead of " + length));
                    }
                    return CompletableFuture.completedFuture(answer.body());
                });
    }

    CompletableFuture<Void> unpin(NodeId to, VersionId upload, boolean confirmedOnly) {
        return rpc.call(to, Lane.CONTROL, ChunkMessages.unpin(upload, confirmedOnly), PIN_TIMEOUT)
                .thenApply(answer -> null);
    }

    CompletableFuture<Void> confirm(NodeId to, VersionId upload) {
        return rpc.call(to, Lane.CONTROL, ChunkMessages.confirm(upload), PIN_TIMEOUT)
                .thenApply(answer -> null);
    }
}
