package io.keplerfs.disk;

import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.DigestCell;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The table {@code files}. */
record RegisterTable(Sql sql, DigestTable digests) {
    private static final String KEPT_ASIDE =
            "bucket, shard, key, promised_time, promised_node, accepted_time, accepted_node, value, memory";
    static final String COLUMNS = KEPT_ASIDE + ", live";
    private static final String SELECT = "SELECT " + COLUMNS + " FROM files ";
    private static final String BY_KEY = SELECT + "WHERE bucket = ? AND shard = ? AND key = ?";
    /** Without the name SQLite may walk the whole table, and past every live register in it. */
    private static final String SELECT_NOT_LIVE = SELECT + "INDEXED BY files_not_live WHERE live = 0";

    private static final String ORDER = " ORDER BY bucket, shard, key LIMIT ?";
    private static final String ALL = SELECT + ORDER;
    private static final String ALL_ABOVE = SELECT + "WHERE (bucket, shard, key) > (?, ?, ?)" + ORDER;
    private static final String NOT_LIVE = SELECT_NOT_LIVE + ORDER;
    private static final String NOT_LIVE_ABOVE = SELECT_NOT_LIVE + " AND (bucket, shard, key) > (?, ?, ?)" + ORDER;
    private static final String PUT =
            "INSERT OR REPLACE INTO files(" + COLUMNS + ", cell) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    private static final String THIS_KEY = " WHERE bucket = ? AND shard = ? AND key = ?";
    private static final String SET_ASIDE =
            "INSERT OR REPLACE INTO files_aside(" + KEPT_ASIDE + ") SELECT " + KEPT_ASIDE + " FROM files" + THIS_KEY;
    private static final int NOWHERE = -1;
    private static final String REMOVE = "DELETE FROM files" + THIS_KEY;

    RegisterRow find(RegisterKey key) {
        return sql.first(BY_KEY, RegisterTable::shape, key.bucket(), key.shard(), key.key())
                .orElseGet(() -> RegisterRow.untouched(key));
    }

    List<RegisterRow> above(@Nullable RegisterKey cursor, int limit) {
        return cursor == null
                ? sql.list(ALL, RegisterTable::shape, limit)
                : sql.list(ALL_ABOVE, RegisterTable::shape, cursor.bucket(), cursor.shard(), cursor.key(), limit);
    }

    List<RegisterRow> notLiveAbove(@Nullable RegisterKey cursor, int limit) {
        return cursor == null
                ? sql.list(NOT_LIVE, RegisterTable::shape, limit)
                : sql.list(NOT_LIVE_ABOVE, RegisterTable::shape, cursor.bucket(), cursor.shard(), cursor.key(), limit);
    }

    /**
     * @param accepted of the row that is there, zero for none
     * @return whether there was one
     */
    boolean remove(RegisterKey key, Ballot accepted) {
        digests.registerBecame(key, accepted, Ballot.ZERO);
        return sql.update(REMOVE, key.bucket(), key.shard(), key.key()) == 1;
    }

    boolean isEmpty() {
        return sql.number("SELECT EXISTS(SELECT 1 FROM files)") == 0;
    }

    /** @param accepted of the row that is there, zero for none */
    void put(RegisterRow row, Ballot accepted) {
        digests.registerBecame(row.key(), accepted, row.accepted());
        sql.update(
                PUT,
                row.key().bucket(),
                row.key().shard(),
                row.key().key(),
                row.promised().time(),
                row.promised().node(),
                row.accepted().time(),
                row.accepted().node(),
                row.value(),
                row.memory(),
                row.live() ? 1 : 0,
                DigestCell.counts(row) ? DigestCell.of(row.key()).index() : NOWHERE);
    }

    /**
     * @param accepted of the row that is there, zero for none
     * @return whether there was one
     */
    boolean setAside(RegisterKey key, Ballot accepted) {
        sql.update(SET_ASIDE, key.bucket(), key.shard(), key.key());
        return remove(key, accepted);
    }

    static RegisterRow shape(Row row) throws SQLException {
        RegisterKey key = new RegisterKey(row.text(1), row.small(2), row.text(3));
        Ballot promised = row.ballot(4);
        return new RegisterRow(key, promised, row.ballot(6), row.bytes(8), row.bytes(9), row.small(10) == 1);
    }
}
