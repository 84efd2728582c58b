package io.keplerfs.disk;

import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteConnection;

/**
 * One SQLite connection with its prepared statements; used by one thread at a time. How values become columns, {@link Row}
 * being the mirror image:
 *
 * <pre>
 * numbers                  INTEGER
 * text, constants by name  TEXT, UTF-8
 * bytes                    BLOB
 * ids of nodes, versions   BLOB, 16 bytes, big-endian
 * ids of chunks            BLOB, 32 bytes
 * </pre>
 */
final class Sql implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Sql.class);

    private final Connection connection;
    private final Map<String, PreparedStatement> prepared = new HashMap<>();
    private @Nullable SQLException failure;

    Sql(Connection connection) {
        this.connection = connection;
    }

    /** How one row becomes a value. */
    @FunctionalInterface
    interface Shape<T> {
        T of(Row row) throws SQLException;
    }

    /** Runs a statement of no result, told of its failure at once: for BEGIN, COMMIT and their kind. */
    void run(String statement) throws SQLException {
        try {
            prepare(statement).execute();
        } catch (SQLException failed) {
            discard(statement);
            throw failed;
        }
    }

    /** @return rows changed */
    int update(String statement, Object... values) {
        try {
            PreparedStatement bound = bind(statement, values);
            return bound.executeUpdate();
        } catch (SQLException failed) {
            throw remember(statement, failed);
        }
    }

    <T> List<T> list(String query, Shape<T> shape, Object... values) {
        try (ResultSet results = bind(query, values).executeQuery()) {
            Row row = new Row(results);
            List<T> list = new ArrayList<>();
            while (results.next()) {
                list.add(shape.of(row));
            }
            return list;
        } catch (SQLException failed) {
            throw remember(query, failed);
        }
    }

    <T> Optional<T> first(String query, Shape<T> shape, Object... values) {
        List<T> list = list(query, shape, values);
        return list.isEmpty() ? Optional.empty() : Optional.of(list.get(0));
    }

    /** The first column of the first row, 0 if there is none. */
    long number(String query, Object... values) {
        return first(query, row -> row.number(1), values).orElse(0L);
    }

    /** What failed since the last {@link #forgetFailure}, even if the caller caught it; until then every statement fails. */
    @Nullable
    SQLException failure() {
        return failure;
    }

    void forgetFailure() {
        failure = null;
    }

    private MetadataException remember(String statement, SQLException failed) {
        failure = failed;
        discard(statement);
        return new MetadataException(failed);
    }

    /** The driver finalizes a statement that fails, so a prepared one is good until then only. */
    private void discard(String statement) {
        PreparedStatement failed = prepared.remove(statement);
        try {
            if (failed != null) {
                failed.close();
            }
        } catch (SQLException twice) {
            LOG.debug("closing a failed statement", twice);
        }
    }

    private PreparedStatement prepare(String statement) throws SQLException {
        PreparedStatement known = prepared.get(statement);
        if (known == null) {
            known = connection.prepareStatement(statement);
            prepared.put(statement, known);
        }
        return known;
    }

    private PreparedStatement bind(String statement, Object... values) throws SQLException {
        if (failure != null) {
            // SQLite may have left the transaction: what came now would be committed by itself.
            throw failure;
        }
        PreparedStatement bound = prepare(statement);
        for (int i = 0; i < values.length; i++) {
            bind(bound, i + 1, values[i]);
        }
        return bound;
    }

    private static void bind(PreparedStatement statement, int at, Object value) throws SQLException {
        if (value instanceof Number number) {
            statement.setLong(at, number.longValue());
        } else if (value instanceof String text) {
            statement.setString(at, text);
        } else if (value instanceof byte[] bytes) {
            statement.setBytes(at, bytes);
        } else if (value instanceof ChunkId chunk) {
            statement.setBytes(at, chunk.bytes());
        } else if (value instanceof NodeId node) {
            statement.setBytes(at, bytes(node.uuid()));
        } else if (value instanceof VersionId version) {
            statement.setBytes(at, bytes(version.uuid()));
        } else if (value instanceof Enum<?> constant) {
            statement.setString(at, constant.name());
        } else {
            throw new IllegalArgumentException("no column type for " + value.getClass());
        }
    }

    private static byte[] bytes(UUID id) {
        return ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(id.getMostSignificantBits())
                .putLong(id.getLeastSignificantBits())
                .array();
    }

    /** What runs now fails, as soon as it can; from any thread, while nobody closes the connection. */
    void interrupt() {
        try {
            connection.unwrap(SQLiteConnection.class).getDatabase().interrupt();
        } catch (SQLException closed) {
            LOG.debug("interrupting", closed);
        }
    }

    @Override
    public void close() throws SQLException {
        // Closes its statements too; the last connection to close also empties the write-ahead log.
        connection.close();
    }
}
