package io.keplerfs.replication;

import io.keplerfs.loop.Failures;
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
        return pin(to, new ChunkRef(chunk, bytes.remaining()), pin, true)
                .thenCompose(have -> have ? CompletableFuture.completedFuture(null) : put(to, chunk, bytes));
    }

    /**
     * As {@link #give}, for a copy that is the only one for now: one that the node has already is read first, because nobody else
     * could mend it.
     */
    CompletableFuture<Void> giveTheOnlyCopy(NodeId to, ChunkId chunk, Pin pin, ByteBuffer bytes) {
        return pin(to, new ChunkRef(chunk, bytes.remaining()), pin, true)
                .thenCompose(have -> have ? isWhole(to, chunk) : CompletableFuture.completedFuture(false))
                .thenCompose(whole -> whole ? CompletableFuture.completedFuture(null) : put(to, chunk, bytes));
    }

    private CompletableFuture<Boolean> isWhole(NodeId at, ChunkId chunk) {
        return get(at, chunk, 0, 0, true)
                .thenApply(none -> true)
                .exceptionallyCompose(failure -> Failures.unwrap(failure) instanceof MissingChunkException
                        ? CompletableFuture.completedFuture(false)
                        : CompletableFuture.failedFuture(failure));
    }

    /**
     * True if the node has the bytes, false if it can take them. Fails with {@link UploadGivenUpException} if the upload was given
     * up for dead there, so that no reference was recorded, and with {@link NoRoomException} if one was, but the disk is full.
     *
     * @param newBytes whether the bytes are of an upload that runs
     */
    CompletableFuture<Boolean> pin(NodeId to, ChunkRef chunk, Pin pin, boolean newBytes) {
        return rpc.call(to, Lane.CONTROL, ChunkMessages.pin(chunk, pin, newBytes), PIN_TIMEOUT)
                .thenCompose(answer -> switch (new WireReader(answer.head()).u8()) {
                    case ChunkMessages.HAVE -> CompletableFuture.completedFuture(true);
                    case ChunkMessages.NEEDED -> CompletableFuture.completedFuture(false);
                    case ChunkMessages.NO_ROOM -> CompletableFuture.failedFuture(new NoRoomException(to, chunk));
                    case ChunkMessages.GIVEN_UP ->
                        CompletableFuture.failedFuture(
                                new UploadGivenUpException("upload " + pin.upload() + " of " + pin.bucket() + "/"
                                        + pin.key() + " was given up for dead on " + to + "; begin the put anew"));
                    default ->
                        CompletableFuture.failedFuture(
                                new MalformedMessageException(to + " answered a pin with an unknown code"));
                });
    }

    /** Fails with {@link NoRoomException} if the disk is full. */
    CompletableFuture<Void> put(NodeId to, ChunkId chunk, ByteBuffer bytes) {
        return rpc.call(to, Lane.BULK, ChunkMessages.put(chunk, bytes.duplicate()), BULK_SILENCE)
                .thenCompose(answer -> new WireReader(answer.head()).u8() == ChunkMessages.NO_ROOM
                        ? CompletableFuture.failedFuture(
                                new NoRoomException(to, new ChunkRef(chunk, bytes.remaining())))
                        : CompletableFuture.completedFuture(null));
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
