package io.keplerfs.files;

import io.keplerfs.UnavailableException;
import io.keplerfs.loop.Failures;
import io.keplerfs.loop.Loop;
import io.keplerfs.register.Registers;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.replication.ChunkWriter;
import io.keplerfs.replication.ReplicationQueue;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Store;
import io.keplerfs.values.VersionId;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.Views;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;

/**
 * The parts of a node that file operations are made of.
 *
 * @param loop owns the protocol state
 * @param rpc who answers
 * @param store this node's disk
 * @param views who owns what
 * @param registers one per key
 * @param chunks writes chunks
 * @param delivery reads chunks, and owes those that are missing
 * @param queue what is still to be delivered
 * @param workers threads
 * @param limits sizes and buffers
 * @param calls what the application has running here
 */
public record Node(
        Loop loop,
        Rpc rpc,
        Store store,
        Views views,
        Registers registers,
        ChunkWriter chunks,
        ChunkDelivery delivery,
        ReplicationQueue queue,
        Workers workers,
        Limits limits,
        OpenCalls calls) {

    /**
     * @param hashing as many threads as processors; tasks compute and never wait
     * @param blocking threads for callers' streams; tasks may wait for hashing, never the other way round
     */
    public record Workers(Executor hashing, Executor blocking) {}

    /**
     * @param chunkSizeBytes files are cut into chunks of this size
     * @param inlineLimitBytes files up to this size live in their manifest
     * @param uploads chunk buffers of all uploads
     * @param reads how many fetched chunks all readers may hold
     * @param longestUpload an upload that was not committed by then never will be; the same on every node
     * @param conflictsKept how long the losing version of a conflict is kept
     * @param tombstonesKept how long tombstones stay at least
     */
    public record Limits(
            int chunkSizeBytes,
            int inlineLimitBytes,
            Buffers uploads,
            ReadWindow reads,
            Duration longestUpload,
            Duration conflictsKept,
            Duration tombstonesKept) {}

    /** A fresh id; any thread. */
    CompletableFuture<VersionId> newId() {
        return registers.newVersion();
    }

    /** What this node's disk knows; fails with {@link UnavailableException}. Any thread. */
    <T> CompletableFuture<T> read(Function<Store.Snapshot, T> query) {
        return store.read(query)
                .exceptionallyCompose(failure -> CompletableFuture.failedFuture(
                        Failures.unwrap(failure) instanceof IOException broken
                                ? new UnavailableException(
                                        "this node cannot read its disk: " + broken.getMessage(), broken)
                                : failure));
    }

    /** Who owns what; waits for the node to have joined a cluster, but no longer than the timeout. Any thread. */
    CompletableFuture<Ownership> ownership(Duration timeout) {
        if (views.ownership().isPresent()) {
            return CompletableFuture.completedFuture(views.ownership().get());
        }
        CompletableFuture<Ownership> known = views.known().thenApply(ownership -> ownership);
        loop.schedule(
                timeout,
                () -> known.completeExceptionally(new UnavailableException(
                        "this node has not joined a cluster yet: are its seeds running and reachable?")));
        return known;
    }
}
