package io.keplerfs.repair;

import io.keplerfs.loop.Loop;
import io.keplerfs.repair.HeldChunks.Held;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.replication.ChunkRef;
import io.keplerfs.ring.Ring;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import io.keplerfs.values.VersionId;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.View;
import io.keplerfs.view.Views;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Frees what nobody needs: nothing live is ever deleted, nothing dead stays. Owned by the loop.
 *
 * <p>A chunk leaves the disk in three steps, each of which can be undone until the last: its references are dropped; after
 * {@link LifeTimes#unreferenced}, while no ownership moves, a majority of its owners say that they know no reference either, and it
 * goes to the trash; after {@link LifeTimes#trash} it is deleted. A live reference has been durable on a majority of the owners, so one
 * of those who were asked would know it; they count only if they have read what the owners before them knew
 * ({@link ReferenceSync}).
 *
 * <p>A copy on a node that is no owner goes when a majority of the owners have hashed theirs just now and know every reference
 * that is known here. What cannot be decided is kept.
 */
public final class Collector {
    /** Copies of others that are hashed for one look: a few seconds of their disks. */
    private static final int VERIFIED_BATCH = 8;

    /** After a look that freed something the next comes so soon: a join or a mass delete is worked off, but never in one go. */
    private static final Duration BREATH = Duration.ofMillis(500);

    private static final Logger log = LoggerFactory.getLogger(Collector.class);

    private final Loop loop;
    private final Rpc rpc;
    private final Store store;
    private final Views views;
    private final ChunkDelivery delivery;
    private final Claims claims;
    private final LifeTimes ages;
    private final Fault fault;
    private final ReferenceSync references;
    private final ReferenceAudit audit;
    private final Holdings holdings;
    private final LongSupplier bytesPerSecond;

    private boolean running;
    /** The trash is emptied in regular looks only: that lists all of it, however little has come to it since. */
    private boolean purgeDue;
    /** The look after one that freed something. */
    private Loop.@Nullable Timer next;
    /** When the bytes that others were asked to hash are paid for. */
    private long verifyAgainNanos;
    /** Since the last look that freed nothing. */
    private long freed;

    private @Nullable ChunkId unreferencedCursor;
    private @Nullable ChunkId strangerCursor;
    private long standsEpoch;
    private long standsSinceNanos;
    private int slice;
    private long sliceDueNanos;

    /** @param bytesPerSecond what an operator allows for repair now */
    public Collector(
            Loop loop,
            Rpc rpc,
            Store store,
            Views views,
            ChunkDelivery delivery,
            Claims claims,
            ReferenceSync references,
            Holdings holdings,
            LifeTimes ages,
            LongSupplier bytesPerSecond) {
        this(loop, rpc, store, views, delivery, claims, references, holdings, ages, bytesPerSecond, Fault.NONE);
    }

    Collector(
            Loop loop,
            Rpc rpc,
            Store store,
            Views views,
            ChunkDelivery delivery,
            Claims claims,
            ReferenceSync references,
            Holdings holdings,
            LifeTimes ages,
            LongSupplier bytesPerSecond,
            Fault fault) {
        this.loop = loop;
        this.rpc = rpc;
        this.store = store;
        this.views = views;
        this.delivery = delivery;
        this.claims = claims;
        this.references = references;
        this.ages = ages;
        this.fault = fault;
        this.audit = new ReferenceAudit(loop, store, views, delivery, claims, ages);
        this.holdings = holdings;
        this.bytesPerSecond = bytesPerSecond;
        this.verifyAgainNanos = loop.nanoTime();
    }

    /** Begins to look. On the loop, once. */
    public void start() {
        purgeDue = true;
        look();
        loop.schedule(ages.look(), this::start);
    }

    private void look() {
        audit.look();
        if (running) {
            return;
        }
        running = true;
        loop.when(tidy(), (done, failure) -> {
            note("emptying the trash", failure);
            View view = standing();
            if (view == null) {
                running = false;
                return;
            }
            loop.when(collectUnreferenced(view), (collected, lost) -> {
                note("collecting", lost);
                loop.when(departStrangers(view), (departed, broken) -> {
                    note("looking at copies of other nodes' chunks", broken);
                    running = false;
                    goOn(amount(collected) + amount(departed));
                });
            });
        });
    }

    private void goOn(int count) {
        freed += count;
        if (count > 0) {
            if (next != null) {
                next.cancel();
            }
            long pause = Math.max(BREATH.toNanos(), verifyAgainNanos - loop.nanoTime());
            next = loop.schedule(Duration.ofNanos(pause), this::look);
        } else if (freed > 0) {
            log.info("{} chunks that nobody needs here went to the trash", freed);
            freed = 0;
        }
    }

    private static int amount(@Nullable Integer count) {
        return count == null ? 0 : count;
    }

    private static void note(String what, @Nullable Throwable failure) {
        if (failure != null) {
            log.debug("{} ended early and is tried again: {}", what, failure.toString());
        }
    }

    private CompletableFuture<Integer> tidy() {
        if (!purgeDue) {
            return CompletableFuture.completedFuture(0);
        }
        purgeDue = false;
        return purge().thenCompose(done -> reconcile());
    }

    private CompletableFuture<Integer> purge() {
        long now = loop.wallMillis();
        long kept = (store.usage().isNearlyFull() ? ages.trashWhenNearlyFull() : ages.trash()).toMillis();
        // Files first: on a disk so full that no row can be written, that is what makes room for rows.
        return store.purge(now - kept)
                .thenCompose(purged -> store.write(
                        tables -> tables.forgetDropped(now - 2 * ages.upload().toMillis(), HeldChunks.MOST * 10)));
    }

    private CompletableFuture<Integer> reconcile() {
        if (loop.nanoTime() - sliceDueNanos < 0) {
            return CompletableFuture.completedFuture(0);
        }
        sliceDueNanos = loop.nanoTime() + ages.reconcile().toNanos();
        slice = (slice + 1) % Store.SLICES;
        return store.reconcile(slice).thenApply(different -> {
            if (different > 0) {
                log.warn(
                        "{} chunks had a file without a row or a row without a file; check this node's disk",
                        different);
            }
            return different;
        });
    }

    /** The view if it stands alone and this node knows what the owners before knew; notes since when. */
    private @Nullable View standing() {
        Ownership ownership = views.ownership().orElse(null);
        if (ownership == null || ownership.next().isPresent()) {
            return null;
        }
        long epoch = ownership.current().epoch();
        if (epoch != standsEpoch) {
            standsEpoch = epoch;
            standsSinceNanos = loop.nanoTime();
        }
        return isRead(references.completeEpoch(), epoch) ? ownership.current() : null;
    }

    private boolean isRead(long completeEpoch, long epoch) {
        return completeEpoch == epoch || fault == Fault.COLLECT_BEFORE_READING_REFERENCES;
    }

    private boolean stillStands(View view) {
        return views.ownership()
                .filter(now -> now.next().isEmpty() && now.current().epoch() == view.epoch())
                .isPresent();
    }

    private CompletableFuture<Integer> collectUnreferenced(View view) {
        Duration kept = ages.unreferenced();
        if (store.usage().isNearlyFull() && ages.trashWhenNearlyFull().compareTo(kept) < 0) {
            kept = ages.trashWhenNearlyFull();
        }
        long until = loop.wallMillis() - kept.toMillis();
        ChunkId cursor = unreferencedCursor;
        return onLoop(store.read(tables -> tables.unreferenced(until, cursor, HeldChunks.MOST)))
                .thenCompose(rows -> {
                    List<ChunkId> chunks = rows.stream().map(ChunkRow::id).toList();
                    unreferencedCursor = chunks.size() < HeldChunks.MOST ? null : chunks.get(chunks.size() - 1);
                    return onLoop(ask(view, chunks, false))
                            .thenCompose(answers -> collect(view, judgeUnreferenced(view, chunks, answers)));
                });
    }

    /** What may go; references that others know are copied instead. */
    private List<ChunkId> judgeUnreferenced(View view, List<ChunkId> chunks, Answers answers) {
        List<ChunkId> unneeded = new ArrayList<>();
        List<Reference> missed = new ArrayList<>();
        for (ChunkId chunk : chunks) {
            List<NodeId> owners = ownersOf(view, chunk);
            List<Reference> known = answers.of(chunk, owners, false).stream()
                    .flatMap(held -> held.references().stream())
                    .filter(Reference::isLive)
                    .toList();
            if (fault == Fault.COLLECT_WITHOUT_COMPARING) {
                unneeded.add(chunk);
            } else if (!known.isEmpty()) {
                if (owners.contains(rpc.self())) {
                    missed.addAll(known);
                }
            } else if (count(answers.of(chunk, owners, true).size(), owners) >= Ring.majority(owners.size())) {
                unneeded.add(chunk);
            }
        }
        if (!missed.isEmpty()) {
            log.info("{} references that this node had missed were copied from other owners", missed.size());
            store.write(tables -> {
                missed.forEach(tables::copyReference);
                return true;
            });
        }
        return unneeded;
    }

    /** This node's own word counts where it is an owner. */
    private int count(int others, List<NodeId> owners) {
        return others + (owners.contains(rpc.self()) ? 1 : 0);
    }

    private CompletableFuture<Integer> collect(View view, List<ChunkId> chunks) {
        if (chunks.isEmpty() || !stillStands(view)) {
            return CompletableFuture.completedFuture(0);
        }
        return store.collect(chunks);
    }

    private CompletableFuture<Integer> departStrangers(View view) {
        if (loop.nanoTime() - standsSinceNanos < ages.departed().toNanos()
                || loop.nanoTime() - verifyAgainNanos < 0
                || !stillStands(view)) {
            return CompletableFuture.completedFuture(0);
        }
        ChunkId cursor = strangerCursor;
        return onLoop(store.read(tables -> strangers(tables, view, cursor))).thenCompose(page -> {
            strangerCursor = page.next();
            List<ChunkId> chunks = new ArrayList<>(page.needed().keySet());
            payFor(view, page.sizes());
            return onLoop(ask(view, chunks, true)).thenCompose(answers -> depart(view, page, answers));
        });
    }

    /** Every owner reads and hashes its whole copy of each. */
    private void payFor(View view, Map<ChunkId, Integer> sizes) {
        double bytes = 0;
        for (Map.Entry<ChunkId, Integer> one : sizes.entrySet()) {
            bytes += (double) one.getValue() * ownersOf(view, one.getKey()).size();
        }
        verifyAgainNanos = loop.nanoTime() + (long) (bytes * 1e9 / bytesPerSecond.getAsLong());
    }

    /**
     * @param needed copies that this node need not have, with the references it knows
     * @param sizes their lengths
     * @param next where to go on, null from the start
     */
    private record Strangers(
            Map<ChunkId, List<Pin>> needed,
            Map<ChunkId, Integer> sizes,
            @Nullable ChunkId next) {}

    private Strangers strangers(Store.Snapshot tables, View view, @Nullable ChunkId cursor) {
        Map<ChunkId, List<Pin>> needed = new LinkedHashMap<>();
        Map<ChunkId, Integer> sizes = new HashMap<>();
        Set<VersionId> own = claims.neededHere(tables);
        List<ChunkRow> rows = tables.chunksAfter(cursor, HeldChunks.MOST * 10);
        for (ChunkRow row : rows) {
            if (row.state() == ChunkRow.State.LIVE && !ownersOf(view, row.id()).contains(rpc.self())) {
                List<Pin> pins = tables.pins(row.id());
                if (pins.stream().noneMatch(pin -> own.contains(pin.upload()))) {
                    needed.put(row.id(), pins);
                    sizes.put(row.id(), row.sizeBytes());
                }
            }
            if (needed.size() == VERIFIED_BATCH) {
                return new Strangers(needed, sizes, row.id());
            }
        }
        ChunkId next = rows.size() < HeldChunks.MOST * 10
                ? null
                : rows.get(rows.size() - 1).id();
        return new Strangers(needed, sizes, next);
    }

    private CompletableFuture<Integer> depart(View view, Strangers page, Answers answers) {
        List<ChunkId> going = new ArrayList<>();
        page.needed().forEach((chunk, pins) -> {
            List<NodeId> owners = ownersOf(view, chunk);
            long safe = owners.stream()
                    .filter(owner -> answers.holdsAll(owner, chunk, pins))
                    .count();
            boolean allWhoAnswer = answers.of(chunk, owners, false).size() == safe;
            if ((safe >= Ring.majority(owners.size()) && allWhoAnswer) || fault == Fault.DEPART_WITHOUT_VERIFYING) {
                going.add(chunk);
            } else {
                handOver(new ChunkRef(chunk, page.sizes().getOrDefault(chunk, 0)), pins, owners);
            }
        });
        if (going.isEmpty() || !stillStands(view)) {
            return CompletableFuture.completedFuture(0);
        }
        return store.write(tables -> {
                    Set<VersionId> own = claims.neededHere(tables);
                    going.removeIf(
                            chunk -> hasChanged(tables, chunk, page.needed().getOrDefault(chunk, List.of()), own));
                    going.forEach(tables::forgetReferences);
                    return List.copyOf(going);
                })
                .thenCompose(chunks -> collect(view, chunks));
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

    private static List<NodeId> ownersOf(View view, ChunkId chunk) {
        return view.ring().owners(view.ring().partitionOf(chunk));
    }

    /** Asks every owner of any of these chunks, except this node, what it holds of those it owns. */
    private CompletableFuture<Answers> ask(View view, List<ChunkId> chunks, boolean verify) {
        Map<NodeId, List<ChunkId>> byOwner = new LinkedHashMap<>();
        for (ChunkId chunk : chunks) {
            for (NodeId owner : ownersOf(view, chunk)) {
                if (!owner.equals(rpc.self())) {
                    byOwner.computeIfAbsent(owner, node -> new ArrayList<>()).add(chunk);
                }
            }
        }
        Answers answers = new Answers(view);
        List<CompletableFuture<Void>> asked = new ArrayList<>();
        byOwner.forEach((owner, owned) -> {
            CompletableFuture<Void> done = new CompletableFuture<>();
            asked.add(done);
            loop.when(holdings.ask(owner, owned, verify), (held, failure) -> {
                if (held != null) {
                    answers.add(owner, owned, held);
                }
                done.complete(null);
            });
        });
        return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new)).thenApply(all -> answers);
    }

    private <T> CompletableFuture<T> onLoop(CompletableFuture<T> work) {
        CompletableFuture<T> there = new CompletableFuture<>();
        loop.when(work, (result, failure) -> {
            if (failure != null) {
                there.completeExceptionally(failure);
            } else {
                there.complete(result);
            }
        });
        return there;
    }

    /** What the owners said; owned by the loop. */
    private final class Answers {
        private record Answer(boolean counts, Held held) {}

        private final View view;
        private final Map<NodeId, Map<ChunkId, Answer>> byNode = new HashMap<>();

        Answers(View view) {
            this.view = view;
        }

        void add(NodeId owner, List<ChunkId> chunks, HeldChunks held) {
            Map<ChunkId, Answer> told = byNode.computeIfAbsent(owner, node -> new HashMap<>());
            boolean counts = isRead(held.epoch(), view.epoch());
            for (int i = 0; i < chunks.size(); i++) {
                told.put(chunks.get(i), new Answer(counts, held.chunks().get(i)));
            }
        }

        /** @param counting only from nodes that have read what the owners before them knew */
        List<Held> of(ChunkId chunk, List<NodeId> owners, boolean counting) {
            List<Held> held = new ArrayList<>();
            for (NodeId owner : owners) {
                Answer answer = byNode.getOrDefault(owner, Map.of()).get(chunk);
                if (answer != null && (answer.counts() || !counting)) {
                    held.add(answer.held());
                }
            }
            return held;
        }

        boolean holdsAll(NodeId owner, ChunkId chunk, List<Pin> pins) {
            Answer answer = byNode.getOrDefault(owner, Map.of()).get(chunk);
            return answer != null && answer.held().isLive() && pins.stream().allMatch(answer.held()::knows);
        }
    }
}
