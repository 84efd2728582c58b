package io.keplerfs.repair;

import io.keplerfs.loop.Loop;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.replication.ChunkRef;
import io.keplerfs.ring.Ring;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import io.keplerfs.values.VersionId;
import io.keplerfs.view.View;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Frees copies of chunks that this node does not own, good or in quarantine: when a majority of the owners, and all of them that
 * answer, have hashed theirs just now and know every reference that is known here. Otherwise the owners are given what they
 * lack. Owned by the loop.
 */
final class Departures {
    /** Copies of others that are hashed for one look: a few seconds of their disks. */
    private static final int VERIFIED_BATCH = 8;
    /** Rows of one look. */
    private static final int PAGE = HeldChunks.MOST * 10;

    private final Loop loop;
    private final NodeId self;
    private final Store store;
    private final ChunkDelivery delivery;
    private final Claims claims;
    private final Standing standing;
    private final OwnerQuestions questions;
    private final Duration departed;
    private final LongSupplier bytesPerSecond;
    private final Fault fault;

    private @Nullable ChunkId cursor;
    /** When the bytes that others were asked to hash are paid for. */
    private long dueNanos;

    Departures(
            Loop loop,
            NodeId self,
            Store store,
            ChunkDelivery delivery,
            Claims claims,
            Standing standing,
            OwnerQuestions questions,
            Duration departed,
            LongSupplier bytesPerSecond,
            Fault fault) {
        this.loop = loop;
        this.self = self;
        this.store = store;
        this.delivery = delivery;
        this.claims = claims;
        this.standing = standing;
        this.questions = questions;
        this.departed = departed;
        this.bytesPerSecond = bytesPerSecond;
        this.fault = fault;
        this.dueNanos = loop.nanoTime();
    }

    /** How long others need for what they were asked to hash; negative if they are done. */
    long owedNanos() {
        return dueNanos - loop.nanoTime();
    }

    /** Looks at some more, unless it is too early; how many have left. */
    CompletableFuture<Integer> look(View view) {
        if (standing.nanos() < departed.toNanos() || owedNanos() > 0 || !standing.goesOn(view)) {
            return CompletableFuture.completedFuture(0);
        }
        ChunkId from = cursor;
        return loop.bring(store.read(tables -> strangers(tables, view, from))).thenCompose(page -> {
            cursor = page.next();
            payFor(view, page.sizes());
            return questions
                    .ask(view, List.copyOf(page.pins().keySet()), true)
                    .thenCompose(answers -> depart(view, page, answers));
        });
    }

    /** Every owner reads and hashes its whole copy of each. */
    private void payFor(View view, Map<ChunkId, Integer> sizes) {
        double bytes = 0;
        for (Map.Entry<ChunkId, Integer> one : sizes.entrySet()) {
            bytes += (double) one.getValue()
                    * OwnerQuestions.ownersOf(view, one.getKey()).size();
        }
        dueNanos = loop.nanoTime() + (long) (bytes * 1e9 / bytesPerSecond.getAsLong());
    }

    /**
     * @param pins copies that this node need not have, with the references it knows
     * @param sizes their lengths
     * @param next where to go on, null from the start
     */
    private record Strangers(
            Map<ChunkId, List<Pin>> pins,
            Map<ChunkId, Integer> sizes,
            @Nullable ChunkId next) {}

    private Strangers strangers(Store.Snapshot tables, View view, @Nullable ChunkId from) {
        Map<ChunkId, List<Pin>> strangers = new LinkedHashMap<>();
        Map<ChunkId, Integer> sizes = new HashMap<>();
        Set<VersionId> own = claims.neededHere(tables);
        List<ChunkRow> rows = tables.chunksAfter(from, PAGE);
        for (ChunkRow row : rows) {
            if (row.state() != ChunkRow.State.TRASH
                    && !OwnerQuestions.ownersOf(view, row.id()).contains(self)) {
                List<Pin> pins = tables.pins(row.id());
                if (pins.stream().noneMatch(pin -> own.contains(pin.upload()))) {
                    strangers.put(row.id(), pins);
                    sizes.put(row.id(), row.sizeBytes());
                }
            }
            if (strangers.size() == VERIFIED_BATCH) {
                return new Strangers(strangers, sizes, row.id());
            }
        }
        ChunkId next = rows.size() < PAGE ? null : rows.get(rows.size() - 1).id();
        return new Strangers(strangers, sizes, next);
    }

    private CompletableFuture<Integer> depart(View view, Strangers page, OwnerAnswers answers) {
        List<ChunkId> going = new ArrayList<>();
        page.pins().forEach((chunk, pins) -> {
            if (mayGo(chunk, pins, OwnerQuestions.ownersOf(view, chunk), answers)) {
                going.add(chunk);
            } else {
                handOver(
                        new ChunkRef(chunk, page.sizes().getOrDefault(chunk, 0)),
                        pins,
                        OwnerQuestions.ownersOf(view, chunk));
            }
        });
        if (going.isEmpty() || !standing.goesOn(view)) {
            return CompletableFuture.completedFuture(0);
        }
        return loop.bring(store.write(tables -> {
                    Set<VersionId> own = claims.neededHere(tables);
                    going.removeIf(
                            chunk -> hasChanged(tables, chunk, page.pins().getOrDefault(chunk, List.of()), own));
                    going.forEach(tables::forgetReferences);
                    return List.copyOf(going);
                }))
                .thenCompose(chunks -> chunks.isEmpty() || !standing.goesOn(view)
                        ? CompletableFuture.completedFuture(0)
                        : store.collect(chunks));
    }

    private boolean mayGo(ChunkId chunk, List<Pin> pins, List<NodeId> owners, OwnerAnswers answers) {
        long safe = owners.stream()
                .filter(owner -> answers.holdsAll(owner, chunk, pins))
                .count();
        boolean allWhoAnswer = answers.of(chunk, owners, false).size() == safe;
        return (safe >= Ring.majority(owners.size()) && allWhoAnswer) || fault == Fault.DEPART_WITHOUT_VERIFYING;
    }

    private static boolean hasChanged(Store.Snapshot tables, ChunkId chunk, List<Pin> seen, Set<VersionId> own) {
        List<Pin> now = tables.pins(chunk);
        return !seen.containsAll(now) || now.stream().anyMatch(pin -> own.contains(pin.upload()));
    }

    private void handOver(ChunkRef chunk, List<Pin> pins, List<NodeId> owners) {
        for (Pin pin : pins) {
            delivery.suggest(chunk, pin, owners, Priority.MOVE, "handed over by a node that is no owner any more");
        }
    }
}
