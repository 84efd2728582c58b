package io.keplerfs.node;

import io.keplerfs.spi.Store;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;

/** The highest incarnation this node has used, in the store: a run that began lower would stay dead in the others' eyes. */
final class Incarnation {
    private static final String SETTING = "incarnation";

    private Incarnation() {}

    /** One above every earlier one, durably when the transaction is. */
    static long next(Store.Transaction tables) {
        long next = stored(tables) + 1;
        keep(tables, next);
        return next;
    }

    /** This node has refuted an accusation with a higher one. */
    static void keep(Store.Transaction tables, long used) {
        if (used > stored(tables)) {
            tables.putSetting(SETTING, new WireWriter().int64(used).toBytes());
        }
    }

    private static long stored(Store.Snapshot tables) {
        return tables.setting(SETTING)
                .map(bytes -> new WireReader(bytes).int64())
                .orElse(0L);
    }
}
