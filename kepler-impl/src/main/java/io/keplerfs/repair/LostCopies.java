package io.keplerfs.repair;

import io.keplerfs.CorruptFileException;
import io.keplerfs.loop.Loop;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.replication.ChunkRef;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.Views;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Has lost copies of this disk fetched from another node, by way of the replication queue. Owned by the loop. */
final class LostCopies implements Recovery {
    private static final Logger log = LoggerFactory.getLogger(LostCopies.class);

    private final Loop loop;
    private final NodeId self;
    private final Store store;
    private final Views views;
    private final ChunkDelivery delivery;

    LostCopies(Loop loop, NodeId self, Store store, Views views, ChunkDelivery delivery) {
        this.loop = loop;
        this.self = self;
        this.store = store;
        this.views = views;
        this.delivery = delivery;
    }

    @Override
    public CompletableFuture<Outcome> mend(ChunkRow lost) {
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        loop.when(store.read(tables -> needs(tables, lost.id())), (needs, failure) -> {
            Ownership ownership = views.ownership().orElse(null);
            if (needs == null || ownership == null) {
                outcome.complete(Outcome.LATER);
            } else if (!needs.lost()) {
                outcome.complete(Outcome.NOT_LOST);
            } else if (needs.pins().isEmpty() || !owns(ownership, lost.id())) {
                outcome.complete(Outcome.NOT_NEEDED);
            } else if (needs.owed() >= Mending.MOST_OWED) {
                outcome.complete(Outcome.LATER);
            } else {
                seek(new ChunkRef(lost.id(), lost.sizeBytes()), needs.pins().get(0), ownership)
                        .whenComplete((found, notOwed) ->
                                outcome.complete(notOwed == null && found != null ? found : Outcome.LATER));
            }
        });
        return outcome;
    }

    /**
     * @param lost whether the copy is in quarantine still
     * @param pins who needs it
     * @param owed how many tasks for this node itself wait here, counted up to {@link Mending#MOST_OWED}
     */
    private record Needs(boolean lost, List<Pin> pins, int owed) {}

    private Needs needs(Store.Snapshot tables, ChunkId chunk) {
        boolean lost = tables.chunk(chunk)
                .filter(row -> row.state() == ChunkRow.State.QUARANTINE)
                .isPresent();
        int owed = tables.due(self, Long.MAX_VALUE, Mending.MOST_OWED).size();
        return new Needs(lost, tables.pins(chunk), owed);
    }

    private boolean owns(Ownership ownership, ChunkId chunk) {
        int partition = ownership.newest().ring().partitionOf(chunk);
        return ownership.ownerSets(partition).stream().anyMatch(owners -> owners.contains(self));
    }

    /**
     * Asks for no bytes, only whether somebody's copy passes its hash: the queue fetches it under its bandwidth cap. It is owed
     * here and not left to read repair, which is a hint: it owes nothing while the queue is long.
     */
    private CompletableFuture<Outcome> seek(ChunkRef chunk, Pin pin, Ownership ownership) {
        CompletableFuture<Outcome> found = new CompletableFuture<>();
        loop.when(delivery.fetcher().fetch(chunk, pin, 0, 0, true, ownership), (elsewhere, failure) -> {
            if (failure instanceof CorruptFileException) {
                log.warn(
                        "chunk {} of {}/{} is damaged or missing on every node: only what is in their quarantine/ is"
                                + " left; restore the file from elsewhere",
                        chunk.id(),
                        pin.bucket(),
                        pin.key());
                found.complete(Outcome.LOST_EVERYWHERE);
                return;
            }
            loop.when(delivery.owe(chunk, pin, List.of(self), "scrub"), (owed, notOwed) -> {
                if (notOwed != null) {
                    log.debug("chunk {} could not be queued and is tried again: {}", chunk.id(), notOwed.toString());
                }
                found.complete(notOwed != null ? Outcome.LATER : failure == null ? Outcome.UNDER_WAY : Outcome.UNKNOWN);
            });
        });
        return found;
    }
}
