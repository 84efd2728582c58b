package io.keplerfs.replication;

import io.keplerfs.loop.Failures;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.DiskFullException;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.MissingChunkException;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport.Responder;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import io.keplerfs.wire.WireReader;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Answers requests about chunks from this node's store; it answers only after the store says that the effect is durable. */
public final class ChunkOwner {
    /** Bytes of one answer are allocated here, so a peer cannot ask for more than a chunk can have. */
    private final int largestChunkBytes;

    private final Store store;
    private final Retained retained;

    /** @param retained uploads whose references stay here when others want them dropped */
    public ChunkOwner(Rpc rpc, Store store, int largestChunkBytes, Retained retained) {
        this.store = store;
        this.retained = retained;
        this.largestChunkBytes = largestChunkBytes;
        rpc.serve(Kind.PIN, this::pin);
        rpc.serve(Kind.CHUNK_PUT, this::put);
        rpc.serve(Kind.CHUNK_GET, this::get);
        rpc.serve(Kind.UNPIN, this::unpin);
        rpc.serve(Kind.CONFIRM, this::confirm);
    }

    private void pin(NodeId from, WireReader head, ByteBuffer body, Responder responder) {
        ChunkId chunk = head.chunk();
        int size = head.uint();
        boolean newBytes = head.bool();
        Pin pin = ChunkMessages.readPin(head);
        answer(
                responder,
                store.write(tables -> recordPin(tables, chunk, pin))
                        .thenCompose(code -> code == ChunkMessages.NEEDED
                                ? restored(chunk).thenApply(back -> back ? ChunkMessages.HAVE : room(size, newBytes))
                                : CompletableFuture.completedFuture(code)),
                ChunkMessages::code);
    }

    /** Said before the bytes are sent: an owner whose disk is full for weeks must not cost the others their bandwidth. */
    private int room(int size, boolean newBytes) {
        Store.Usage usage = store.usage();
        boolean room = newBytes ? usage.hasRoomForNew(size) : usage.hasRoomForCopy(size);
        return room ? ChunkMessages.NEEDED : ChunkMessages.NO_ROOM;
    }

    /** A copy or a late repetition of a pin must not bring a dropped upload back to life. */
    private static int recordPin(Store.Transaction tables, ChunkId chunk, Pin pin) {
        if (tables.isDropped(pin.upload())) {
            return ChunkMessages.GIVEN_UP;
        }
        return tables.pin(chunk, pin) ? ChunkMessages.HAVE : ChunkMessages.NEEDED;
    }

    /** Brought back from the trash, and found whole. */
    private CompletableFuture<Boolean> restored(ChunkId chunk) {
        return store.restore(chunk)
                .thenCompose(back -> back
                        ? store.readChunk(chunk, 0, ByteBuffer.allocate(0), true)
                                .thenApply(whole -> true)
                        : CompletableFuture.completedFuture(false))
                .exceptionally(damaged -> false);
    }

    private void put(NodeId from, WireReader head, ByteBuffer body, Responder responder) {
        answer(
                responder,
                store.writeChunk(head.chunk(), body)
                        .thenApply(done -> 0)
                        .exceptionallyCompose(failure -> Failures.unwrap(failure) instanceof DiskFullException
                                ? CompletableFuture.completedFuture(ChunkMessages.NO_ROOM)
                                : CompletableFuture.failedFuture(failure)),
                ChunkMessages::code);
    }

    /** What stays is no business of the sender: this node looks into its own references again until it can drop them. */
    private void unpin(NodeId from, WireReader head, ByteBuffer body, Responder responder) {
        VersionId upload = head.version();
        boolean confirmedOnly = head.bool();
        answer(
                responder,
                store.write(tables ->
                        retained.keeps(tables, upload) ? List.<ChunkId>of() : tables.unpin(upload, confirmedOnly)),
                none -> ChunkMessages.code(0));
    }

    private void confirm(NodeId from, WireReader head, ByteBuffer body, Responder responder) {
        VersionId upload = head.version();
        answer(
                responder,
                store.write(tables -> {
                    tables.confirm(upload);
                    return true;
                }),
                done -> ChunkMessages.code(0));
    }

    private void get(NodeId from, WireReader head, ByteBuffer body, Responder responder) {
        ChunkId chunk = head.chunk();
        int offset = head.uint();
        int length = head.uint();
        boolean verify = head.bool();
        if (length > largestChunkBytes) {
            responder.fail("asked for " + length + " bytes of a chunk, the most is " + largestChunkBytes);
            return;
        }
        read(chunk, offset, length, verify).whenComplete((bytes, failure) -> {
            Throwable cause = Failures.unwrap(failure);
            if (bytes != null) {
                responder.respond(
                        new Message(ChunkMessages.code(ChunkMessages.HERE).head(), bytes));
            } else if (cause instanceof MissingChunkException) {
                responder.respond(ChunkMessages.code(ChunkMessages.MISSING));
            } else {
                responder.fail(reason(cause));
            }
        });
    }

    /** Readers of a version that was replaced find its chunks in the trash. */
    private CompletableFuture<ByteBuffer> read(ChunkId chunk, int offset, int length, boolean verify) {
        return store.readChunk(chunk, offset, ByteBuffer.allocate(length), verify)
                .exceptionallyCompose(failure -> Failures.unwrap(failure) instanceof MissingChunkException
                        ? store.restore(chunk)
                                .thenCompose(back -> back
                                        ? store.readChunk(chunk, offset, ByteBuffer.allocate(length), verify)
                                        : CompletableFuture.failedFuture(failure))
                        : CompletableFuture.failedFuture(failure));
    }

    private static <T> void answer(Responder responder, CompletionStage<T> work, Function<T, Message> answer) {
        work.whenComplete((result, failure) -> {
            if (failure != null) {
                responder.fail(reason(Failures.unwrap(failure)));
            } else {
                responder.respond(answer.apply(result));
            }
        });
    }

    private static String reason(@Nullable Throwable cause) {
        return cause == null ? "unknown" : String.valueOf(cause.getMessage());
    }
}
