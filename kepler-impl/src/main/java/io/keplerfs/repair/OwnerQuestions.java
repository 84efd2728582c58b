package io.keplerfs.repair;

import io.keplerfs.loop.Loop;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.View;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Asks the owners of chunks what they hold. Owned by the loop. */
final class OwnerQuestions {
    private final Loop loop;
    private final NodeId self;
    private final Holdings holdings;
    private final Fault fault;

    OwnerQuestions(Loop loop, NodeId self, Holdings holdings, Fault fault) {
        this.loop = loop;
        this.self = self;
        this.holdings = holdings;
        this.fault = fault;
    }

    static List<NodeId> ownersOf(View view, ChunkId chunk) {
        return view.ring().owners(view.ring().partitionOf(chunk));
    }

    /** Whether a node that has read references up to this epoch knows those of the owners before the view. */
    boolean isRead(long completeEpoch, View view) {
        return completeEpoch == view.epoch() || fault == Fault.COLLECT_BEFORE_READING_REFERENCES;
    }

    /**
     * Asks every owner of any of these chunks, except this node, what it holds of those it owns. Done on the loop when all have
     * answered or failed to, never fails.
     *
     * @param verify whether they hash their copies first
     */
    CompletableFuture<OwnerAnswers> ask(View view, List<ChunkId> chunks, boolean verify) {
        Map<NodeId, List<ChunkId>> byOwner = new LinkedHashMap<>();
        for (ChunkId chunk : chunks) {
            for (NodeId owner : ownersOf(view, chunk)) {
                if (!owner.equals(self)) {
                    byOwner.computeIfAbsent(owner, node -> new ArrayList<>()).add(chunk);
                }
            }
        }
        OwnerAnswers answers = new OwnerAnswers();
        List<CompletableFuture<Void>> asked = new ArrayList<>();
        byOwner.forEach((owner, owned) -> {
            CompletableFuture<Void> done = new CompletableFuture<>();
            asked.add(done);
            loop.when(holdings.ask(owner, owned, verify), (held, failure) -> {
                if (held != null) {
                    answers.add(owner, owned, held.chunks(), isRead(held.epoch(), view));
                }
                done.complete(null);
            });
        });
        return loop.bring(
                CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new)).thenApply(all -> answers));
    }
}
