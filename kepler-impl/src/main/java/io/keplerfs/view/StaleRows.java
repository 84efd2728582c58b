package io.keplerfs.view;

import io.keplerfs.register.Configurations;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which rows a node must not bring along when it comes to own something: those it kept from an earlier ownership. Meanwhile a
 * key may have been deleted and its tombstone forgotten; the old row would bring it back. So, in the very transaction in which a
 * node enters a stage, before it votes or merges anything there,
 *
 * <ul>
 *   <li>a node whose membership was interrupted ({@link ViewMember#since} differs) sets all its registers aside,
 *   <li>any other node those of the partitions it did not own before.
 * </ul>
 *
 * <p>The registers that decide views stay: no stage applies to them, and a voter that forgets its vote would let an epoch be
 * decided twice.
 */
final class StaleRows {
    /** For which membership the rows of this node count: {@code long since}. */
    private static final String MEMBER_SINCE = "member since";

    private static final int PAGE_ROWS = 1000;
    private static final Logger log = LoggerFactory.getLogger(StaleRows.class);

    private StaleRows() {}

    /** For which membership the rows of this node count; empty if it has never been a member. */
    static Optional<Long> memberSince(Store.Snapshot tables) {
        return tables.setting(MEMBER_SINCE).map(bytes -> new WireReader(bytes).int64());
    }

    /** @param before what this node knew durably; empty if nothing */
    static void setAside(Store.Transaction tables, NodeId self, Optional<Ownership> before, Ownership after) {
        Optional<ViewMember> me =
                after.newest().member(self).or(() -> after.current().member(self));
        if (me.isEmpty() || before.map(Ownership::stage).orElse(0L) == after.stage()) {
            return;
        }
        long since = me.get().since();
        Optional<Long> known = memberSince(tables);
        if (known.isEmpty() || known.get() != since) {
            tables.putSetting(MEMBER_SINCE, new WireWriter().int64(since).toBytes());
        }
        boolean interrupted = known.isPresent() && known.get() != since;
        if (interrupted) {
            report(sweep(tables, key -> true), after, "this node was no member in between");
        } else if (before.isPresent() && gainsAnything(self, before.get(), after)) {
            Ownership old = before.get();
            int rows = sweep(tables, key -> {
                int partition = after.newest().ring().partitionOf(key.bucket(), key.shard());
                return after.owns(self, partition) && !old.owns(self, partition);
            });
            report(rows, after, "they are of partitions this node did not own lately");
        }
    }

    private static boolean gainsAnything(NodeId self, Ownership before, Ownership after) {
        int partitions = after.newest().ring().partitions();
        for (int partition = 0; partition < partitions; partition++) {
            if (after.owns(self, partition) && !before.owns(self, partition)) {
                return true;
            }
        }
        return false;
    }

    private static int sweep(Store.Transaction tables, Predicate<RegisterKey> stale) {
        int swept = 0;
        @Nullable RegisterKey cursor = null;
        List<RegisterRow> page;
        do {
            page = tables.registersAfter(cursor, PAGE_ROWS);
            for (RegisterRow row : page) {
                cursor = row.key();
                if (!cursor.bucket().equals(Configurations.VIEW_BUCKET) && stale.test(cursor)) {
                    tables.setAsideRegister(cursor);
                    swept++;
                }
            }
        } while (page.size() == PAGE_ROWS);
        return swept;
    }

    private static void report(int rows, Ownership after, String why) {
        if (rows > 0) {
            log.info("stage {}: {} registers set aside before merging: {}", after.stage(), rows, why);
        }
    }
}
