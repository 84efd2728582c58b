package io.keplerfs.repair;

import io.keplerfs.loop.Failures;
import io.keplerfs.loop.Loop;
import io.keplerfs.register.Configurations;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.register.Registers;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.replication.ChunkRef;
import io.keplerfs.replication.UploadGivenUpException;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.View;
import io.keplerfs.view.ViewMember;
import io.keplerfs.view.ViewOperator;
import io.keplerfs.view.Views;
import io.keplerfs.wire.WireWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * While this node drains: asks, for every chunk and register on its disk, each owner whether it has it durably, and begins again.
 * Registers an owner lacks it is given at once. Chunks are brought by {@link Rebalance} of whoever has them; only when none has
 * arrived for a while does this node owe the missing ones itself, so that they do not travel twice. After a whole pass in which
 * nobody lacked anything, and with nothing left in the queue, it has the node removed from the view. Owned by the loop.
 *
 * <p>Nothing of the progress is durable: a node that restarts begins with another pass, which is cheap where the owners have
 * everything. An owner that is down holds the drain up until it is back or evicted.
 */
public final class Drain {
    /** What {@link #left} says of a node that is not draining. */
    public static final long NOT_DRAINING = -1;

    /** Rows looked at together; every owner is asked about each of them at once. */
    private static final int PAGE = 64;

    private static final Duration OFFER_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration NEXT_PASS = Duration.ofSeconds(1);
    /** No chunk has arrived at its owners for so long: whoever should send them is down, or does not have them either. */
    private static final Duration STALLED = Duration.ofSeconds(10);

    private static final Logger log = LoggerFactory.getLogger(Drain.class);

    private final Loop loop;
    private final Rpc rpc;
    private final Store store;
    private final Views views;
    private final Registers registers;
    private final ChunkDelivery delivery;
    private final ViewOperator operator;

    private boolean running;
    /** Chunks that owners lacked in the last pass, and since when there have not been fewer. */
    private long fewestMissing = Long.MAX_VALUE;

    private long fewestSinceNanos;
    private volatile long left = NOT_DRAINING;

    /** Serves {@link Kind#DRAIN_PROGRESS}: {@code long left}. */
    public Drain(
            Loop loop,
            Rpc rpc,
            Store store,
            Views views,
            Registers registers,
            ChunkDelivery delivery,
            ViewOperator operator) {
        this.loop = loop;
        this.rpc = rpc;
        this.store = store;
        this.views = views;
        this.registers = registers;
        this.delivery = delivery;
        this.operator = operator;
        rpc.serve(
                Kind.DRAIN_PROGRESS,
                (from, head, body, responder) -> responder.respond(
                        Message.of(new WireWriter().int64(left).toBuffer())));
    }

    /** Goes on with a drain that an earlier run had begun, and watches the views from now on. On the loop, once. */
    public void start() {
        views.onChange(ownership -> begin());
        begin();
    }

    /**
     * Chunks and registers not yet known to be with all their owners, as of the pass under way or the last one;
     * {@link #NOT_DRAINING} if this node does not drain. Any thread.
     */
    public long left() {
        return left;
    }

    /** The view in which this node drains and which stands alone: only then do the owners not change under the pass. */
    private Optional<View> draining() {
        return views.ownership()
                .filter(ownership -> ownership.next().isEmpty())
                .map(Ownership::current)
                .filter(view ->
                        view.member(rpc.self()).filter(ViewMember::draining).isPresent());
    }

    private boolean isStill(View view) {
        return draining().filter(view::equals).isPresent();
    }

    private void begin() {
        Optional<View> view = draining();
        if (running) {
            return;
        }
        if (view.isEmpty()) {
            left = NOT_DRAINING;
            fewestMissing = Long.MAX_VALUE;
            return;
        }
        running = true;
        Pass pass = new Pass(view.get());
        loop.when(store.read(tables -> count(tables)), (rows, failure) -> {
            left = rows == null ? Math.max(left, 0) : rows;
            pass.chunks(null);
        });
    }

    private static long count(Store.Snapshot tables) {
        long rows = 0;
        ChunkId chunk = null;
        List<ChunkRow> chunks;
        do {
            chunks = tables.chunksAfter(chunk, 1000);
            rows += chunks.stream()
                    .filter(row -> row.state() == ChunkRow.State.LIVE)
                    .count();
            chunk = chunks.isEmpty() ? null : chunks.get(chunks.size() - 1).id();
        } while (chunk != null);
        RegisterKey key = null;
        List<RegisterRow> page;
        do {
            page = tables.registersAfter(key, 1000);
            rows += page.stream().filter(Drain::matters).count();
            key = page.isEmpty() ? null : page.get(page.size() - 1).key();
        } while (key != null);
        return rows;
    }

    private static boolean matters(RegisterRow row) {
        return !row.key().bucket().equals(Configurations.VIEW_BUCKET)
                && !row.accepted().isZero();
    }

    private void again() {
        running = false;
        loop.schedule(NEXT_PASS, this::begin);
    }

    private record Held(ChunkRef chunk, List<Pin> pins) {}

    /** One look at everything this node holds. */
    private final class Pass {
        private final View view;
        private final boolean stalled;
        private long missing;
        private long seen;

        Pass(View view) {
            this.view = view;
            this.stalled = fewestMissing != Long.MAX_VALUE && loop.nanoTime() - fewestSinceNanos >= STALLED.toNanos();
        }

        void chunks(@Nullable ChunkId cursor) {
            loop.when(store.read(tables -> page(tables, cursor)), (page, failure) -> {
                if (page == null || !isStill(view)) {
                    again();
                } else if (page.isEmpty()) {
                    noteProgress();
                    registers(null);
                } else {
                    List<CompletableFuture<Boolean>> asked =
                            page.stream().map(this::isWithOwners).toList();
                    after(asked, () -> chunks(page.get(page.size() - 1).chunk().id()));
                }
            });
        }

        private void noteProgress() {
            if (missing < fewestMissing || stalled) {
                fewestMissing = missing;
                fewestSinceNanos = loop.nanoTime();
            }
        }

        private List<Held> page(Store.Snapshot tables, @Nullable ChunkId cursor) {
            return tables.chunksAfter(cursor, PAGE).stream()
                    .map(row -> new Held(
                            new ChunkRef(row.id(), row.sizeBytes()),
                            row.state() == ChunkRow.State.LIVE ? tables.pins(row.id()) : List.of()))
                    .toList();
        }

        /** An owner that has dropped the upload needs no copy for it; any other silence may hide one that does. */
        private static boolean isGivenUp(Throwable failure) {
            return Failures.unwrap(failure) instanceof UploadGivenUpException;
        }

        private CompletableFuture<Boolean> isWithOwners(Held held) {
            List<NodeId> owners =
                    view.ring().owners(view.ring().partitionOf(held.chunk().id()));
            List<CompletableFuture<Boolean>> asked = new ArrayList<>();
            for (Pin pin : held.pins()) {
                for (NodeId owner : owners) {
                    asked.add(delivery.has(owner, held.chunk(), pin)
                            .exceptionally(Pass::isGivenUp)
                            .thenCompose(has -> has || !stalled
                                    ? CompletableFuture.completedFuture(has)
                                    : delivery.suggest(held.chunk(), pin, List.of(owner), Priority.MOVE, "drain")
                                            .thenApply(owed -> false)));
                }
            }
            return allTrue(asked);
        }

        void registers(@Nullable RegisterKey cursor) {
            loop.when(store.read(tables -> tables.registersAfter(cursor, PAGE)), (page, failure) -> {
                if (page == null || !isStill(view)) {
                    again();
                } else if (page.isEmpty()) {
                    finish();
                } else {
                    List<CompletableFuture<Boolean>> asked = page.stream()
                            .filter(Drain::matters)
                            .map(this::isWithOwners)
                            .toList();
                    after(asked, () -> registers(page.get(page.size() - 1).key()));
                }
            });
        }

        private CompletableFuture<Boolean> isWithOwners(RegisterRow row) {
            RegisterValue value = RegisterValue.decode(row.value());
            RegisterKey key = row.key();
            int partition = view.ring().partitionOf(key.bucket(), key.shard());
            return allTrue(view.ring().owners(partition).stream()
                            .map(owner -> registers
                                    .offer(key, row.accepted(), value, owner, OFFER_TIMEOUT)
                                    .exceptionally(silent -> false))
                            .toList())
                    // A promise that nobody followed up stands in the way of the offer: a full round gets past it.
                    .thenCompose(taken -> taken
                            ? CompletableFuture.completedFuture(true)
                            : registers
                                    .settle(key, RegisterValue.NONE.id(), OFFER_TIMEOUT)
                                    .handle((settled, failure) -> false));
        }

        private CompletableFuture<Boolean> allTrue(List<CompletableFuture<Boolean>> answers) {
            return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                    .thenApply(all -> answers.stream().allMatch(CompletableFuture::join));
        }

        private void after(List<CompletableFuture<Boolean>> asked, Runnable next) {
            loop.when(CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new)), (all, failure) -> {
                if (failure != null) {
                    log.debug("a page of the drain failed, it is looked at again: {}", failure.toString());
                    again();
                    return;
                }
                long fine = asked.stream().filter(CompletableFuture::join).count();
                missing += asked.size() - fine;
                seen += fine;
                left = Math.max(left - fine, missing);
                next.run();
            });
        }

        private void finish() {
            left = missing;
            loop.when(store.read(Store.Snapshot::queued), (queued, failure) -> {
                if (missing > 0 || queued == null || queued > 0) {
                    log.debug("{}: {} still lacked by an owner, {} tasks queued", view, missing, queued);
                    again();
                } else {
                    log.info("{}: all owners have the {} chunks and registers of this node; leaving", view, seen);
                    loop.when(operator.removeDrained(rpc.self(), view), (removed, refused) -> again());
                }
            });
        }
    }
}
