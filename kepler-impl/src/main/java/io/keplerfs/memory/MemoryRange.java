package io.keplerfs.memory;

import io.keplerfs.spi.Fold;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRange;
import io.keplerfs.spi.RegisterRow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;

/** Looks a {@link RegisterRange} up in a sorted map. */
final class MemoryRange {
    private static final Comparator<RegisterRow> BY_KEY =
            (a, b) -> RegisterKey.compareKeys(a.key().key(), b.key().key());

    private MemoryRange() {}

    /** The first rows of all shards are among the first ones of each. */
    static List<RegisterRow> of(NavigableMap<RegisterKey, RegisterRow> registers, RegisterRange range) {
        List<RegisterRow> found = new ArrayList<>();
        range.shards().forEach(shard -> found.addAll(ofShard(registers, range, shard)));
        found.sort(BY_KEY);
        List<RegisterRow> rows = new ArrayList<>();
        for (RegisterRow row : found) {
            if (rows.size() < range.limit() && !isFoldedInto(row, rows, range.fold())) {
                rows.add(range.told(row));
            }
        }
        return rows;
    }

    private static List<RegisterRow> ofShard(
            NavigableMap<RegisterKey, RegisterRow> registers, RegisterRange range, int shard) {
        String prefix = range.fold().prefix();
        String after = range.after();
        boolean fromPrefix = after == null || RegisterKey.compareKeys(after, prefix) < 0;
        RegisterKey start = new RegisterKey(range.bucket(), shard, fromPrefix ? prefix : String.valueOf(after));
        Map.Entry<RegisterKey, RegisterRow> at =
                fromPrefix ? registers.ceilingEntry(start) : registers.higherEntry(start);
        List<RegisterRow> rows = new ArrayList<>();
        while (at != null && rows.size() < range.limit() && isIn(range, shard, at.getKey())) {
            RegisterRow row = at.getValue();
            String from = row.key().key();
            if (row.live()) {
                if (!isFoldedInto(row, rows, range.fold())) {
                    rows.add(row);
                }
                from = range.fold().beyond(from);
            }
            at = registers.higherEntry(new RegisterKey(range.bucket(), shard, from));
        }
        return rows;
    }

    private static boolean isIn(RegisterRange range, int shard, RegisterKey key) {
        return key.bucket().equals(range.bucket())
                && key.shard() == shard
                && key.key().startsWith(range.fold().prefix());
    }

    private static boolean isFoldedInto(RegisterRow row, List<RegisterRow> rows, Fold fold) {
        return !rows.isEmpty()
                && fold.of(row.key().key())
                        .filter(name -> rows.get(rows.size() - 1).key().key().startsWith(name))
                        .isPresent();
    }
}
