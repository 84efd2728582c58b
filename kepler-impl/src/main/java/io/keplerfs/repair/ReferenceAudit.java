package io.keplerfs.repair;

import io.keplerfs.loop.Loop;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.Store;
import io.keplerfs.values.VersionId;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.Views;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares old references with their registers: of uploads that were never committed because their coordinator is gone for good,
 * of commits that nobody told this node of, and, rarely, of all others, so that no lost message leaks a chunk for ever. Owned by
 * the loop.
 *
 * <p>Only a verdict that is sealed in the register drops anything ({@link Claims}); what cannot be decided is kept.
 */
final class ReferenceAudit {
    /** Uploads looked into at a time: each costs two rounds with its register's owners. */
    static final int BATCH = 20;
    /** Uploads that could not be decided step aside for so long; more of them than {@link #MOST_POSTPONED} wait in line. */
    private static final Duration POSTPONE = Duration.ofMinutes(10);

    private static final int MOST_POSTPONED = 1000;
    private static final Logger log = LoggerFactory.getLogger(ReferenceAudit.class);

    private final Loop loop;
    private final Store store;
    private final Views views;
    private final ChunkDelivery delivery;
    private final Claims claims;
    private final LifeTimes ages;
    private final Map<VersionId, Long> postponedUntilNanos = new HashMap<>();
    private boolean running;

    ReferenceAudit(Loop loop, Store store, Views views, ChunkDelivery delivery, Claims claims, LifeTimes ages) {
        this.loop = loop;
        this.store = store;
        this.views = views;
        this.delivery = delivery;
        this.claims = claims;
        this.ages = ages;
    }

    /** Looks into the oldest references, unless an earlier look is still under way. On the loop. */
    void look() {
        if (running || views.ownership().isEmpty()) {
            return;
        }
        running = true;
        long now = loop.wallMillis();
        postponedUntilNanos.values().removeIf(until -> until - loop.nanoTime() <= 0);
        Set<VersionId> postponed = new HashSet<>(postponedUntilNanos.keySet());
        loop.when(store.read(tables -> due(tables, now, postponed)), (pins, failure) -> {
            List<CompletableFuture<Void>> judged = new ArrayList<>();
            if (pins != null) {
                pins.forEach(pin -> judged.add(judge(pin)));
            }
            loop.when(
                    CompletableFuture.allOf(judged.toArray(CompletableFuture[]::new)), (all, lost) -> running = false);
        });
    }

    private List<Pin> due(Store.Snapshot tables, long now, Set<VersionId> postponed) {
        List<Pin> due = new ArrayList<>();
        int enough = BATCH + postponed.size();
        due.addAll(tables.uploadsIn(Reference.State.INTENT, now - ages.upload().toMillis(), enough));
        due.addAll(tables.uploadsIn(Reference.State.REF, now - ages.audit().toMillis(), enough));
        due.removeIf(pin -> postponed.contains(pin.upload()));
        return due.subList(0, Math.min(BATCH, due.size()));
    }

    private CompletableFuture<Void> judge(Pin pin) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        loop.when(claims.judge(pin).thenCompose(verdict -> follow(pin, verdict)), (decided, failure) -> {
            if (!Boolean.TRUE.equals(decided) && postponedUntilNanos.size() < MOST_POSTPONED) {
                postponedUntilNanos.put(pin.upload(), loop.nanoTime() + POSTPONE.toNanos());
            }
            done.complete(null);
        });
        return done;
    }

    private CompletableFuture<Boolean> follow(Pin pin, Claims.Verdict verdict) {
        return switch (verdict) {
            case ALIVE ->
                store.write(tables -> {
                    tables.confirm(pin.upload());
                    return true;
                });
            case DEAD -> {
                log.info(
                        "upload {} of {}/{} was never committed or is replaced: its references go",
                        pin.upload(),
                        pin.bucket(),
                        pin.key());
                yield delivery.unpin(
                                pin.upload(),
                                views.ownership().map(Ownership::everybody).orElse(Set.of()))
                        // At once here too: this node need not be a member any more.
                        .thenCompose(queued -> store.write(tables -> {
                            tables.unpin(pin.upload());
                            return true;
                        }));
            }
            case UNDECIDED -> CompletableFuture.completedFuture(false);
        };
    }
}
