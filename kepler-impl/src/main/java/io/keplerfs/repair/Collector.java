package io.keplerfs.repair;

import io.keplerfs.loop.Loop;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.ring.Ring;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.View;
import io.keplerfs.view.Views;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
 * <p>A copy on a node that is no owner goes when its owners have theirs ({@link Departures}). What cannot be decided is kept.
 */
public final class Collector {
    /** After a look that freed something the next comes so soon: a join or a mass delete is worked off, but never in one go. */
    private static final Duration BREATH = Duration.ofMillis(500);

    private static final Logger log = LoggerFactory.getLogger(Collector.class);

    private final Loop loop;
    private final Rpc rpc;
    private final Store store;
    private final Standing standing;
    private final OwnerQuestions questions;
    private final Departures departures;
    private final LifeTimes ages;
    private final Fault fault;
    private final ReferenceSync references;
    private final ReferenceAudit audit;

    private boolean running;
    /** The trash is emptied in regular looks only: that lists all of it, however little has come to it since. */
    private boolean purgeDue;
    /** The look after one that freed something. */
    private Loop.@Nullable Timer next;
    /** Since the last look that freed nothing. */
    private long freed;

    private @Nullable ChunkId unreferencedCursor;
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
        this.references = references;
        this.ages = ages;
        this.fault = fault;
        this.audit = new ReferenceAudit(loop, store, views, delivery, claims, ages);
        this.standing = new Standing(loop, views);
        this.questions = new OwnerQuestions(loop, rpc.self(), holdings, fault);
        this.departures = new Departures(
                loop, rpc.self(), store, delivery, claims, standing, questions, ages.departed(), bytesPerSecond, fault);
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
            View view = standing.view()
                    .filter(stands -> questions.isRead(references.completeEpoch(), stands))
                    .orElse(null);
            if (view == null) {
                running = false;
            } else {
                free(view);
            }
        });
    }

    private void free(View view) {
        loop.when(collectUnreferenced(view), (collected, lost) -> {
            note("collecting", lost);
            loop.when(departures.look(view), (departed, broken) -> {
                note("looking at copies of other nodes' chunks", broken);
                running = false;
                goOn(amount(collected) + amount(departed));
            });
        });
    }

    private void goOn(int count) {
        freed += count;
        if (count > 0) {
            if (next != null) {
                next.cancel();
            }
            long pause = Math.max(BREATH.toNanos(), departures.owedNanos());
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

    private CompletableFuture<Integer> collectUnreferenced(View view) {
        Duration kept = ages.unreferenced();
        if (store.usage().isNearlyFull() && ages.trashWhenNearlyFull().compareTo(kept) < 0) {
            kept = ages.trashWhenNearlyFull();
        }
        long until = loop.wallMillis() - kept.toMillis();
        ChunkId cursor = unreferencedCursor;
        return loop.bring(store.read(tables -> tables.unreferenced(until, cursor, HeldChunks.MOST)))
                .thenCompose(rows -> {
                    List<ChunkId> chunks = rows.stream().map(ChunkRow::id).toList();
                    unreferencedCursor = chunks.size() < HeldChunks.MOST ? null : chunks.get(chunks.size() - 1);
                    return questions
                            .ask(view, chunks, false)
                            .thenCompose(answers -> collect(view, judgeUnreferenced(view, chunks, answers)));
                });
    }

    /** What may go; references that others know are copied instead. */
    private List<ChunkId> judgeUnreferenced(View view, List<ChunkId> chunks, OwnerAnswers answers) {
        List<ChunkId> unneeded = new ArrayList<>();
        List<Reference> missed = new ArrayList<>();
        for (ChunkId chunk : chunks) {
            List<NodeId> owners = OwnerQuestions.ownersOf(view, chunk);
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
        if (chunks.isEmpty() || !standing.goesOn(view)) {
            return CompletableFuture.completedFuture(0);
        }
        return store.collect(chunks);
    }
}
