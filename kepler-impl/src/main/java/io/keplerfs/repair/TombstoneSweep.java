package io.keplerfs.repair;

import io.keplerfs.loop.Loop;
import io.keplerfs.register.Tombstones;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.Views;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has tombstones removed that are older than a day, a batch at a time, while no view is on its way. Each node looks through its
 * own; a tombstone that another owner has had removed is gone here too. Owned by the loop.
 *
 * <p>Within the day a write whose outcome nobody knows may be tried again under its id; what an owner remembers of such writes
 * goes with the tombstone.
 */
public final class TombstoneSweep {
    /** A write may be tried again under the same id for so long. */
    public static final Duration AGE = Duration.ofHours(24);

    /** Between two looks through all tombstones; the first comes after a random part of it, so that nodes take turns. */
    private static final Duration PERIOD = Duration.ofHours(1);
    /** Between two batches: deletes that are past give way to requests that are not. */
    private static final Duration BREATH = Duration.ofMillis(200);

    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final Logger log = LoggerFactory.getLogger(TombstoneSweep.class);

    private final Loop loop;
    private final Store store;
    private final Views views;
    private final Tombstones tombstones;
    private long removed;

    public TombstoneSweep(Loop loop, Store store, Views views, Tombstones tombstones) {
        this.loop = loop;
        this.store = store;
        this.views = views;
        this.tombstones = tombstones;
    }

    /** On the loop, once. */
    public void start() {
        loop.schedule(Duration.ofMillis(loop.random().nextLong(PERIOD.toMillis())), () -> from(null));
    }

    private void from(@Nullable RegisterKey cursor) {
        loop.when(store.read(tables -> tables.tombstonesAfter(cursor, Tombstones.MAX_BATCH)), (rows, failure) -> {
            if (rows == null || rows.isEmpty()) {
                end();
                return;
            }
            RegisterKey last = rows.get(rows.size() - 1).key();
            long until = loop.wallMillis() - AGE.toMillis();
            List<RegisterRow> ripe =
                    rows.stream().filter(row -> Tombstones.isRipe(row, until)).toList();
            Ownership ownership = views.ownership().orElse(null);
            if (ownership == null || ownership.next().isPresent() || ripe.isEmpty()) {
                loop.schedule(BREATH, () -> from(last));
                return;
            }
            loop.when(tombstones.remove(ripe, ownership.stage(), ownership.everybody(), TIMEOUT), (count, lost) -> {
                removed += count == null ? 0 : count;
                loop.schedule(BREATH, () -> from(last));
            });
        });
    }

    private void end() {
        if (removed > 0) {
            log.info("removed {} tombstones older than {} hours", removed, AGE.toHours());
            removed = 0;
        }
        loop.schedule(PERIOD, () -> from(null));
    }
}
