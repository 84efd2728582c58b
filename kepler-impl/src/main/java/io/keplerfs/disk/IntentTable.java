package io.keplerfs.disk;

import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.VersionId;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The table {@code intents}. */
record IntentTable(Sql sql) {
    private static final String COLUMNS = "bucket, shard, key, id, ballot_time, ballot_node, value";
    private static final String SELECT = "SELECT " + COLUMNS + " FROM intents ";
    private static final String ORDER = " ORDER BY bucket, shard, key, ballot_time, ballot_node, id";

    List<IntentRow> of(RegisterKey key) {
        String query = SELECT + "WHERE bucket = ? AND shard = ? AND key = ?" + ORDER;
        return sql.list(query, IntentTable::shape, key.bucket(), key.shard(), key.key());
    }

    List<IntentRow> all(@Nullable String bucket) {
        return bucket == null
                ? sql.list(SELECT + ORDER, IntentTable::shape)
                : sql.list(SELECT + "WHERE bucket = ?" + ORDER, IntentTable::shape, bucket);
    }

    void put(IntentRow intent) {
        sql.update(
                "INSERT OR REPLACE INTO intents(" + COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?)",
                intent.key().bucket(),
                intent.key().shard(),
                intent.key().key(),
                intent.id(),
                intent.ballot().time(),
                intent.ballot().node(),
                intent.value());
    }

    /** False if it is not there. */
    boolean remove(RegisterKey key, VersionId id) {
        String statement = "DELETE FROM intents WHERE bucket = ? AND shard = ? AND key = ? AND id = ?";
        return sql.update(statement, key.bucket(), key.shard(), key.key(), id) == 1;
    }

    private static IntentRow shape(Row row) throws SQLException {
        RegisterKey key = new RegisterKey(row.text(1), row.small(2), row.text(3));
        return new IntentRow(key, row.version(4), row.ballot(5), row.bytes(7));
    }
}
