package io.keplerfs.repair;

import io.keplerfs.loop.Loop;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.replication.ChunkRef;
import io.keplerfs.replication.ReplicationQueue;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.View;
import io.keplerfs.view.ViewMember;
import io.keplerfs.view.Views;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * After a view has come to stand alone, owes every chunk of this disk to the owners it has gained, references first. Owned by
 * the loop.
 *
 * <p>The view up to which this was done is durable, so a crash or an absence loses nothing. The comparison is between that view and
 * the newest; if others came in between, in which nobody knows who owned, every owner is asked. Old copies stay where they are.
 *
 * <p>While {@linkplain ReplicationQueue#LONG many} copies wait for members within reach the walk waits, so that a disk with a
 * million chunks does not become a million rows at once. Should another view stand alone by then, it begins anew towards that one: who has got a chunk says so.
 */
public final class Rebalance {
    private static final String DONE_FOR = "rebalanced";
    private static final int PAGE = 500;
    /** Of the old owners of a chunk that are left the first sends at once and the next one so much later, if still needed. */
    private static final Duration RANK_DELAY = Duration.ofSeconds(20);

    private static final Duration RETRY = Duration.ofSeconds(5);
    private static final Duration LOOK_FOR_ROOM = Duration.ofSeconds(2);
    private static final Logger log = LoggerFactory.getLogger(Rebalance.class);

    private final Loop loop;
    private final Rpc rpc;
    private final Store store;
    private final Views views;
    private final ChunkDelivery delivery;
    private final long mostQueued;
    private boolean running;

    public Rebalance(Loop loop, Rpc rpc, Store store, Views views, ChunkDelivery delivery) {
        this(loop, rpc, store, views, delivery, ReplicationQueue.LONG);
    }

    /** @param mostQueued copies for members within reach; the walk waits while so many do */
    Rebalance(Loop loop, Rpc rpc, Store store, Views views, ChunkDelivery delivery, long mostQueued) {
        this.mostQueued = mostQueued;
        this.loop = loop;
        this.rpc = rpc;
        this.store = store;
        this.views = views;
        this.delivery = delivery;
    }

    /** Goes on where an earlier run ended, and watches the views from now on. On the loop, once. */
    public void start() {
        views.onChange(ownership -> begin());
        begin();
    }

    private void begin() {
        Optional<View> target =
                views.ownership().filter(o -> o.next().isEmpty()).map(Ownership::current);
        if (running || target.isEmpty()) {
            return;
        }
        running = true;
        loop.when(store.read(tables -> tables.setting(DONE_FOR)), (setting, failure) -> {
            if (failure != null) {
                running = false;
                loop.schedule(RETRY, this::begin);
                return;
            }
            View before = setting == null || setting.isEmpty() ? null : View.read(new WireReader(setting.get()));
            if (before == null || before.epoch() == target.get().epoch()) {
                finish(target.get(), 0);
            } else {
                page(before, target.get(), null, 0);
            }
        });
    }

    private boolean isOvertaken(View after) {
        return views.ownership()
                .filter(o -> o.next().isEmpty() && o.current().epoch() > after.epoch())
                .isPresent();
    }

    private void waitForRoom(View before, View after, @Nullable ChunkId cursor, long owed) {
        loop.schedule(LOOK_FOR_ROOM, () -> {
            if (isOvertaken(after)) {
                running = false;
                begin();
            } else {
                page(before, after, cursor, owed);
            }
        });
    }

    private void page(View before, View after, @Nullable ChunkId cursor, long owed) {
        Set<NodeId> reachable = after.ids().stream().filter(rpc::reachable).collect(Collectors.toSet());
        loop.when(store.write(tables -> owePage(tables, reachable, before, after, cursor)), (result, failure) -> {
            if (result == null) {
                running = false;
                loop.schedule(RETRY, this::begin);
            } else if (result.noRoom()) {
                waitForRoom(before, after, cursor, owed);
            } else if (result.last() == null) {
                finish(after, owed + result.owed());
            } else {
                page(before, after, result.last(), owed + result.owed());
            }
        });
    }

    private record Page(@Nullable ChunkId last, int owed, boolean noRoom) {}

    private Page owePage(
            Store.Transaction tables, Set<NodeId> reachable, View before, View after, @Nullable ChunkId cursor) {
        if (tables.copiesQueued(reachable, mostQueued) >= mostQueued) {
            return new Page(null, 0, true);
        }
        List<ChunkRow> rows = tables.chunksAfter(cursor, PAGE);
        List<QueueRow> tasks = new ArrayList<>();
        for (ChunkRow row : rows) {
            if (row.state() == ChunkRow.State.LIVE) {
                tasks.addAll(debts(tables, row, before, after));
            }
        }
        tasks.forEach(tables::enqueue);
        return new Page(rows.size() < PAGE ? null : rows.get(rows.size() - 1).id(), tasks.size(), false);
    }

    private List<QueueRow> debts(Store.Snapshot tables, ChunkRow row, View before, View after) {
        int partition = after.ring().partitionOf(row.id());
        List<NodeId> old = before.ring().owners(partition);
        // Who owned in a view that this node has not seen is unknown: an owner may have been none in between.
        boolean skipped = after.epoch() > before.epoch() + 1;
        List<NodeId> gained = after.ring().owners(partition).stream()
                .filter(owner -> (skipped || !old.contains(owner)) && !owner.equals(rpc.self()))
                .toList();
        if (gained.isEmpty()) {
            return List.of();
        }
        // Who has been evicted sends nothing: nobody waits for its turn.
        int rank = Math.max(old.stream().filter(after::has).toList().indexOf(rpc.self()), 0);
        if (rank > 0 && after.member(rpc.self()).filter(ViewMember::draining).isPresent()) {
            // Another sends at once; should it not, the drain notices, which need not wait for tasks of a later rank
            // then.
            return List.of();
        }
        ChunkRef chunk = new ChunkRef(row.id(), row.sizeBytes());
        // Owners that are no members any more took their copies with them; one that drains has kept its own.
        int left = (int) old.stream().filter(after::has).count();
        // A cluster that has just grown beyond one node wants more copies than it ever had.
        int wanted = Math.max(old.size(), after.ring().owners(partition).size());
        Priority priority = Priority.ofCopiesLeft(left, wanted);
        List<QueueRow> tasks = new ArrayList<>();
        for (Pin pin : tables.pins(row.id())) {
            delivery.moves(chunk, pin, gained, priority)
                    .forEach(task -> tasks.add(task.delayedBy(RANK_DELAY.multipliedBy(rank))));
        }
        return tasks;
    }

    private void finish(View after, long owed) {
        WireWriter done = new WireWriter();
        after.write(done);
        loop.when(
                store.write(tables -> {
                    tables.putSetting(DONE_FOR, done.toBytes());
                    return true;
                }),
                (stored, failure) -> {
                    running = false;
                    if (owed > 0) {
                        log.info("{}: {} copies of chunks are on their way to new owners", after, owed);
                    }
                    if (failure != null) {
                        loop.schedule(RETRY, this::begin);
                    } else if (views.ownership()
                            .map(o -> o.current().epoch() > after.epoch())
                            .orElse(false)) {
                        begin();
                    }
                });
    }
}
