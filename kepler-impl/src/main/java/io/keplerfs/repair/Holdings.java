package io.keplerfs.repair;

import io.keplerfs.loop.Failures;
import io.keplerfs.repair.HeldChunks.Held;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.MissingChunkException;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport.Responder;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/** Asks what other nodes hold, and answers the same question. Any thread. */
public final class Holdings {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    /** Silence while a node reads and hashes the chunks of one request. */
    private static final Duration VERIFY_TIMEOUT = Duration.ofSeconds(30);

    private final Rpc rpc;
    private final Store store;
    private final LongSupplier epoch;

    /** @param epoch up to which view this node has read references */
    public Holdings(Rpc rpc, Store store, LongSupplier epoch) {
        this.rpc = rpc;
        this.store = store;
        this.epoch = epoch;
        rpc.serve(Kind.CHUNK_HELD, this::answer);
    }

    /** @param verify whether copies are hashed first, which is slow: few chunks at a time */
    CompletableFuture<HeldChunks> ask(NodeId node, List<ChunkId> chunks, boolean verify) {
        Message request = Message.of(HeldChunks.request(chunks, verify).toBuffer());
        return rpc.call(node, verify ? Lane.BULK : Lane.CONTROL, request, verify ? VERIFY_TIMEOUT : TIMEOUT)
                .thenApply(answer -> HeldChunks.read(new WireReader(answer.head()), chunks));
    }

    private void answer(NodeId from, WireReader head, ByteBuffer body, Responder responder) {
        boolean verify = head.bool();
        List<ChunkId> chunks = head.list(WireReader::chunk);
        if (chunks.size() > HeldChunks.MOST) {
            responder.fail("asked about " + chunks.size() + " chunks, the most is " + HeldChunks.MOST);
            return;
        }
        // Before the look: what is read until then may only make the answer more cautious.
        long known = epoch.getAsLong();
        verified(chunks, 0, verify)
                .thenCompose(done -> store.read(tables -> held(tables, chunks)))
                .whenComplete((held, failure) -> {
                    if (failure != null) {
                        responder.fail("cannot tell what is here: " + failure.getMessage());
                    } else {
                        WireWriter out = new WireWriter();
                        new HeldChunks(known, held).write(out);
                        responder.respond(Message.of(out.toBuffer()));
                    }
                });
    }

    /** A copy that fails its hash is quarantined by the store, and so told as what it is. */
    private CompletableFuture<Boolean> verified(List<ChunkId> chunks, int at, boolean verify) {
        if (!verify || at == chunks.size()) {
            return CompletableFuture.completedFuture(true);
        }
        return store.readChunk(chunks.get(at), 0, ByteBuffer.allocate(0), true)
                .thenApply(whole -> true)
                .exceptionallyCompose(failure -> Failures.unwrap(failure) instanceof MissingChunkException
                        ? CompletableFuture.completedFuture(false)
                        : CompletableFuture.failedFuture(failure))
                .thenCompose(good -> verified(chunks, at + 1, true));
    }

    private static List<Held> held(Store.Snapshot tables, List<ChunkId> chunks) {
        List<Held> held = new ArrayList<>();
        for (ChunkId chunk : chunks) {
            Optional<ChunkRow.State> copy = tables.chunk(chunk).map(ChunkRow::state);
            long since = tables.unreferencedSince(chunk).orElse(0);
            held.add(new Held(copy, since, tables.references(chunk)));
        }
        return held;
    }
}
