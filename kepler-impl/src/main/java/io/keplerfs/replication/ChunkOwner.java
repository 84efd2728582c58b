package io.keplerfs.replication;

import io.keplerfs.loop.Failures;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
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
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Answers requests about chunks from this node's store; it answers only after the store says that the effect is durable. */
public final class ChunkOwner {
    /** Bytes of one answer are allocated here, so a peer cannot ask for more than a chunk can have. */
    private final int largestChunkBytes;

    private final Store store;

    public ChunkOwner(Rpc rpc, Store store, int largestChunkBytes) {
        this.store = store;
        this.largestChunkBytes = largestChunkBytes;
        rpc.serve(Kind.PIN, this::pin);
        rpc.serve(Kind.CHUNK_PUT, this::put);
        rpc.serve(Kind.CHUNK_GET, this::get);
        rpc.serve(Kind.UNPIN, this::unpin);
    }

    private void pin(NodeId from, WireReader head, ByteBuffer body, Responder responder) {
        ChunkId chunk = head.chunk();
        Pin pin = ChunkMessages.readPin(head);
        answer(responder, store.write(tables -> tables.pin(chunk, pin)), have -> ChunkMessages.code(have ? 1 : 0));
    }

    private void put(NodeId from, WireReader head, ByteBuffer body, Responder responder) {
        answer(responder, store.writeChunk(head.chunk(), body), done -> ChunkMessages.code(0));
    }

    private void unpin(NodeId from, WireReader head, ByteBuffer body, Responder responder) {
        VersionId upload = head.version();
        answer(
                responder,
                store.write(tables -> tables.unpin(upload)).thenCompose(store::collect),
                removed -> ChunkMessages.code(0));
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
        store.readChunk(chunk, offset, ByteBuffer.allocate(length), verify).whenComplete((bytes, failure) -> {
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
