package io.keplerfs.disk;

import com.google.common.util.concurrent.Uninterruptibles;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The reading connections to {@code meta.db}. Each query is one read transaction: a consistent snapshot of the write-ahead log
 * that contains every commit before it. Whoever calls, waits for a free connection.
 */
final class Readers {
    private static final Logger LOG = LoggerFactory.getLogger(Readers.class);

    private final ArrayBlockingQueue<Sql> idle;
    private final int count;

    Readers(List<Sql> connections) {
        this.count = connections.size();
        this.idle = new ArrayBlockingQueue<>(count, false, connections);
    }

    <T> T query(Function<SqlSnapshot, T> function) throws IOException {
        Sql sql = Uninterruptibles.takeUninterruptibly(idle);
        try {
            return query(sql, function);
        } finally {
            idle.add(sql);
        }
    }

    private static <T> T query(Sql sql, Function<SqlSnapshot, T> function) throws IOException {
        SqlSnapshot snapshot = new SqlSnapshot(Tables.over(sql));
        try {
            sql.run("BEGIN");
            try {
                return function.apply(snapshot);
            } finally {
                snapshot.end();
                sql.run("ROLLBACK");
            }
        } catch (SQLException | MetadataException failed) {
            throw new IOException("meta.db cannot be read: " + failed.getMessage(), failed);
        } finally {
            sql.forgetFailure();
        }
    }

    /** Waits for running queries. */
    void close() {
        for (int i = 0; i < count; i++) {
            try {
                Uninterruptibles.takeUninterruptibly(idle).close();
            } catch (SQLException failed) {
                LOG.warn("a reading connection to meta.db did not close: {}", failed.getMessage());
            }
        }
    }
}
