package io.keplerfs.repair;

import io.keplerfs.loop.Loop;
import io.keplerfs.repair.DigestMessages.Differing;
import io.keplerfs.repair.DigestMessages.Held;
import io.keplerfs.repair.DigestMessages.Items;
import io.keplerfs.repair.DigestMessages.Roots;
import io.keplerfs.repair.DigestMessages.Row;
import io.keplerfs.repair.DigestMessages.Wanted;
import io.keplerfs.repair.Mending.Mended;
import io.keplerfs.spi.Digest;
import io.keplerfs.spi.DigestCell;
import io.keplerfs.spi.DigestKind;
import io.keplerfs.spi.Store;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One look at what another owner has and this node lacks, in the partitions that both own: roots, then the cells of those that
 * differ, then the items of those that differ, then the rows that are missing here. What is missing there, the other finds when
 * it looks. One question is under way at a time, and after each batch of rows there is a pause. Owned by the loop.
 */
final class Comparison {
    /** Between two batches of rows: at most 4,000 a second, and requests of callers in between. */
    private static final Duration BREATH = Duration.ofMillis(50);

    private static final Logger log = LoggerFactory.getLogger(Comparison.class);

    private final Loop loop;
    private final Store store;
    private final DigestCalls calls;
    private final Mending mending;
    private final Scope scope;
    /** Changed by one step at a time, wherever that runs; read on the loop. */
    private volatile Mended mended = Mended.NOTHING;

    private final AtomicLong missing = new AtomicLong();
    /** First cells of partitions that were counted anew; added to wherever the store reads. */
    private final Set<DigestCell> recounted = ConcurrentHashMap.newKeySet();

    /**
     * What is compared.
     *
     * @param stage of the ownership, which stands alone
     * @param shared whether both own a partition
     * @param withChunks whether this node has read what the owners before it knew of chunks
     * @param goesOn whether the stage lasts and nobody has held up the work
     */
    record Scope(long stage, IntPredicate shared, boolean withChunks, BooleanSupplier goesOn) {}

    Comparison(Loop loop, Store store, DigestCalls calls, Mending mending, Scope scope) {
        this.loop = loop;
        this.store = store;
        this.calls = calls;
        this.mending = mending;
        this.scope = scope;
    }

    Mended mended() {
        return mended;
    }

    /** Items that the other had and this node lacked. */
    long missing() {
        return missing.get();
    }

    long bytes() {
        return calls.bytes();
    }

    /** Done on the loop; fails if the other does not answer or the stage has ended. */
    CompletableFuture<Void> run() {
        List<Integer> starts = IntStream.iterate(
                        0, from -> from < DigestCell.PARTITIONS, from -> from + DigestMessages.RANGE)
                .boxed()
                .toList();
        return each(starts, from -> range(from, from + DigestMessages.RANGE));
    }

    private CompletableFuture<Void> range(int from, int to) {
        return store.read(tables -> new Roots(
                        from,
                        to,
                        shared(tables.digests(DigestKind.REGISTERS, from, to)),
                        shared(tables.digests(DigestKind.CHUNKS, from, to))))
                .thenCompose(calls::roots)
                .thenCompose(this::differing);
    }

    private SortedMap<Integer, Digest> shared(SortedMap<Integer, Digest> sums) {
        sums.keySet().removeIf(partition -> !scope.shared().test(partition));
        return sums;
    }

    private CompletableFuture<Void> differing(Differing differing) {
        CompletableFuture<Void> registers = each(
                batches(differing.registers(), DigestMessages.MOST_PARTITIONS),
                partitions -> cells(DigestKind.REGISTERS, partitions));
        List<Integer> chunks = scope.withChunks() ? differing.chunks() : List.of();
        return registers.thenCompose(done -> each(
                batches(chunks, DigestMessages.MOST_PARTITIONS), partitions -> cells(DigestKind.CHUNKS, partitions)));
    }

    private CompletableFuture<Void> cells(DigestKind kind, List<Integer> partitions) {
        return calls.cells(kind, partitions)
                .thenCompose(theirs -> store.read(tables -> {
                            List<DigestCell> differing = new ArrayList<>();
                            for (int i = 0; i < partitions.size(); i++) {
                                int partition = partitions.get(i);
                                List<Digest> mine = tables.digestCells(kind, partition);
                                noteRoot(tables, kind, partition, mine);
                                for (int number = 0; number < mine.size(); number++) {
                                    if (!mine.get(number).equals(theirs.get(i).get(number))) {
                                        differing.add(new DigestCell(kind, partition, number));
                                    }
                                }
                            }
                            return differing;
                        })
                        .thenCompose(differing -> each(
                                batches(differing, DigestMessages.MOST_CELLS),
                                cells -> items(kind, cells, Digest.ZERO))));
    }

    /** A root that is not the sum of its cells, which no comparison of cells would ever show. */
    private void noteRoot(Store.Snapshot tables, DigestKind kind, int partition, List<Digest> cells) {
        Digest root = tables.digests(kind, partition, partition + 1).getOrDefault(partition, Digest.ZERO);
        if (!cells.stream().reduce(Digest.ZERO, Digest::plus).equals(root)) {
            recount(kind, partition);
        }
    }

    private void recount(DigestKind kind, int partition) {
        if (!recounted.add(new DigestCell(kind, partition, 0))) {
            return;
        }
        log.warn("the digest of {} in partition {} is not the sum of its rows: it is counted anew", kind, partition);
        recount(new DigestCell(kind, partition, 0));
    }

    /** One transaction after the other: nobody who writes waits for more than one cell. */
    private void recount(DigestCell cell) {
        store.write(tables -> tables.recountDigests(cell)).whenComplete((wrong, failure) -> {
            if (failure != null) {
                log.warn("partition {} could not be counted: {}", cell.partition(), failure.toString());
            } else if (cell.number() + 1 < DigestCell.PER_PARTITION) {
                recount(new DigestCell(cell.kind(), cell.partition(), cell.number() + 1));
            }
        });
    }

    private CompletableFuture<Void> items(DigestKind kind, List<DigestCell> cells, Digest after) {
        return calls.items(kind, cells, after)
                .thenCompose(theirs -> store.read(tables -> wanted(tables, cells, after, theirs))
                        .thenCompose(wanted -> each(batches(wanted), batch -> take(kind, batch)))
                        .thenCompose(done -> {
                            List<List<Digest>> answered = theirs.cells();
                            int last = answered.size() - 1;
                            List<DigestCell> rest =
                                    cells.subList(theirs.partial() ? last : answered.size(), cells.size());
                            Digest next = theirs.partial()
                                    ? answered.get(last).get(answered.get(last).size() - 1)
                                    : Digest.ZERO;
                            return rest.isEmpty()
                                    ? CompletableFuture.<Void>completedFuture(null)
                                    : each(List.of(rest), more -> items(kind, more, next));
                        }));
    }

    /** What the other has and this node has not. */
    private List<Wanted> wanted(Store.Snapshot tables, List<DigestCell> cells, Digest after, Items theirs) {
        List<Wanted> wanted = new ArrayList<>();
        for (int i = 0; i < theirs.cells().size(); i++) {
            List<Digest> mine = DigestOwner.digests(tables, cells.get(i));
            Set<Digest> known = new HashSet<>(mine);
            List<Digest> lacking = theirs.cells().get(i).stream()
                    .filter(item -> !known.contains(item))
                    .toList();
            if (!lacking.isEmpty()) {
                wanted.add(new Wanted(cells.get(i), lacking));
            }
            boolean whole = (i > 0 || after.isZero())
                    && !(theirs.partial() && i == theirs.cells().size() - 1);
            if (whole && mine.equals(theirs.cells().get(i))) {
                noteCell(tables, cells.get(i), mine);
            }
        }
        return wanted;
    }

    /** The cells differed and their items do not: either somebody wrote in between, or a sum is wrong. */
    private void noteCell(Store.Snapshot tables, DigestCell cell, List<Digest> items) {
        Digest sum = tables.digestCells(cell.kind(), cell.partition()).get(cell.number());
        if (!items.stream().reduce(Digest.ZERO, Digest::plus).equals(sum)) {
            recount(cell.kind(), cell.partition());
        }
    }

    private CompletableFuture<Void> take(DigestKind kind, List<Wanted> batch) {
        int asked = batch.stream().mapToInt(each -> each.items().size()).sum();
        missing.addAndGet(asked);
        CompletableFuture<List<Wanted>> rest = kind == DigestKind.REGISTERS ? takeRegisters(batch) : takeChunks(batch);
        return rest.thenCompose(left -> {
            int unanswered = left.stream().mapToInt(each -> each.items().size()).sum();
            CompletableFuture<Void> breath = new CompletableFuture<>();
            loop.schedule(BREATH, () -> breath.complete(null));
            // Values that did not fit into one answer; what is in none has changed there.
            boolean more = unanswered > 0 && unanswered < asked;
            missing.addAndGet(more ? -unanswered : 0);
            return more ? breath.thenCompose(go -> each(List.of(left), again -> take(kind, again))) : breath;
        });
    }

    private CompletableFuture<List<Wanted>> takeRegisters(List<Wanted> batch) {
        return calls.registers(batch).thenCompose(rows -> {
            List<Row> asked =
                    rows.stream().filter(row -> isAsked(batch, row.digest())).toList();
            return mending.registers(scope.stage(), asked)
                    .thenApply(done ->
                            note(done, batch, asked.stream().map(Row::digest).toList()));
        });
    }

    private CompletableFuture<List<Wanted>> takeChunks(List<Wanted> batch) {
        return calls.chunks(batch).thenCompose(held -> {
            List<Held> asked =
                    held.stream().filter(each -> isAsked(batch, each.digest())).toList();
            return mending.chunks(scope.stage(), asked)
                    .thenApply(done ->
                            note(done, batch, asked.stream().map(Held::digest).toList()));
        });
    }

    private static boolean isAsked(List<Wanted> batch, Digest item) {
        return batch.stream().anyMatch(each -> each.items().contains(item));
    }

    private List<Wanted> note(Mended done, List<Wanted> batch, List<Digest> answered) {
        mended = mended.plus(done);
        Set<Digest> known = new HashSet<>(answered);
        return batch.stream()
                .map(each -> new Wanted(
                        each.cell(),
                        each.items().stream()
                                .filter(item -> !known.contains(item))
                                .toList()))
                .filter(each -> !each.items().isEmpty())
                .toList();
    }

    private static <T> List<List<T>> batches(List<T> all, int size) {
        List<List<T>> batches = new ArrayList<>();
        for (int from = 0; from < all.size(); from += size) {
            batches.add(all.subList(from, Math.min(all.size(), from + size)));
        }
        return batches;
    }

    /** Of at most {@link DigestMessages#MOST_WANTED} items each. */
    private static List<List<Wanted>> batches(List<Wanted> all) {
        List<List<Wanted>> batches = new ArrayList<>();
        List<Wanted> batch = new ArrayList<>();
        int size = 0;
        for (Wanted wanted : all) {
            for (Digest item : wanted.items()) {
                boolean sameCell =
                        !batch.isEmpty() && batch.get(batch.size() - 1).cell().equals(wanted.cell());
                if (!sameCell) {
                    batch.add(new Wanted(wanted.cell(), new ArrayList<>()));
                }
                batch.get(batch.size() - 1).items().add(item);
                if (++size == DigestMessages.MOST_WANTED) {
                    batches.add(batch);
                    batch = new ArrayList<>();
                    size = 0;
                }
            }
        }
        if (!batch.isEmpty()) {
            batches.add(batch);
        }
        return batches;
    }

    /** One after the other, each begun on the loop, as long as the comparison is worth going on with. */
    private <T> CompletableFuture<Void> each(List<T> items, Function<T, CompletableFuture<Void>> work) {
        CompletableFuture<Void> all = new CompletableFuture<>();
        loop.execute(() -> next(items.iterator(), work, all));
        return all;
    }

    private <T> void next(Iterator<T> items, Function<T, CompletableFuture<Void>> work, CompletableFuture<Void> all) {
        if (!items.hasNext()) {
            all.complete(null);
        } else if (!scope.goesOn().getAsBoolean()) {
            all.completeExceptionally(new CutShortException("stage " + scope.stage() + " has ended, or a pause began"));
        } else {
            loop.when(work.apply(items.next()), (done, failure) -> {
                if (failure != null) {
                    all.completeExceptionally(failure);
                } else {
                    next(items, work, all);
                }
            });
        }
    }
}
