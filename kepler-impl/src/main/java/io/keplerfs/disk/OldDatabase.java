package io.keplerfs.disk;

import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.wire.MalformedMessageException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteJDBCLoader;

/** A {@code meta.db}, or a backup of one, of any schema up to this release's; opened for reading only. */
final class OldDatabase implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(OldDatabase.class);

    private static final String KEY = "bucket, shard, key";
    private static final String ACCEPTED =
            "SELECT " + KEY + ", accepted_time, accepted_node FROM files WHERE length(value) > 0";
    private static final String FORWARDS = " ORDER BY " + KEY;
    private static final String BACKWARDS = " ORDER BY bucket DESC, shard DESC, key DESC";

    private final Path file;
    private final Sql sql;

    private OldDatabase(Path file, Sql sql) {
        this.file = file;
        this.sql = sql;
    }

    @FunctionalInterface
    interface RegisterVisitor {
        void register(RegisterKey key, Ballot ballot);
    }

    @FunctionalInterface
    interface FastVisitor {
        void fastWrite(Remains.FastWrite write, Ballot ballot);
    }

    static OldDatabase open(Path file) throws IOException {
        try {
            SQLiteJDBCLoader.initialize();
            Sql sql = Metadata.connectToRead(file.toAbsolutePath());
            try {
                Schema.refuseNewer(sql);
                // Asked now, so that a file that is no such database is told of at once.
                sql.number("SELECT count(*) FROM (SELECT 1 FROM files LIMIT 1)");
                return new OldDatabase(file, sql);
            } catch (IOException | RuntimeException failed) {
                sql.close();
                throw failed;
            }
        } catch (IOException refused) {
            throw refused;
        } catch (Exception damaged) {
            throw new IOException(file + " cannot be read as a meta.db: " + damaged.getMessage(), damaged);
        }
    }

    /**
     * Every register with a value. Where a damaged page ends the walk another one comes from the other end, so some may come twice.
     *
     * @throws IOException if some may not have come
     */
    void registers(RegisterVisitor visitor) throws IOException {
        try {
            walk(ACCEPTED + FORWARDS, visitor);
        } catch (MetadataException damaged) {
            sql.forgetFailure();
            try {
                walk(ACCEPTED + BACKWARDS, visitor);
            } catch (MetadataException | IOException again) {
                sql.forgetFailure();
                damaged.addSuppressed(again);
            }
            throw new IOException(file + " cannot be read to its end: " + damaged.getMessage(), damaged);
        }
    }

    /** In one walk: a name with a flipped bit in it is no place to go on from. */
    private void walk(String query, RegisterVisitor visitor) throws IOException {
        all(query, row -> visitor.register(key(row), row.ballot(4)));
    }

    /** @throws IOException if some may not have come */
    void fastWrites(FastVisitor visitor) throws IOException {
        try {
            all(
                    "SELECT " + KEY + ", id, ballot_time, ballot_node FROM intents",
                    row -> visitor.fastWrite(new Remains.FastWrite(key(row), row.version(4)), row.ballot(5)));
        } catch (MetadataException damaged) {
            sql.forgetFailure();
            throw new IOException(file + " cannot be read to its end: " + damaged.getMessage(), damaged);
        }
    }

    @FunctionalInterface
    private interface RowVisitor {
        void row(Row row) throws SQLException;
    }

    /** A row that cannot be what it should does not keep the others back. */
    private void all(String query, RowVisitor visitor) throws IOException {
        long strange = sql
                .list(query, row -> {
                    try {
                        visitor.row(row);
                        return true;
                    } catch (SQLException | IllegalArgumentException damaged) {
                        LOG.debug("a row of {}", file, damaged);
                        return false;
                    }
                })
                .stream()
                .filter(good -> !good)
                .count();
        if (strange > 0) {
            throw new IOException(file + " has " + strange + " damaged rows");
        }
    }

    /** Reads every page. */
    boolean isWhole() {
        try {
            return sql.first("PRAGMA quick_check(1)", row -> row.text(1))
                    .filter("ok"::equals)
                    .isPresent();
        } catch (MetadataException damaged) {
            LOG.debug("check of {}", file, damaged);
            sql.forgetFailure();
            return false;
        }
    }

    /** The number of the last group of transactions; a database without one is of a release that kept no journal. */
    long sequence() throws IOException {
        try {
            return Metadata.sequence(Tables.over(sql)).orElse(0L);
        } catch (MetadataException | MalformedMessageException damaged) {
            sql.forgetFailure();
            throw new IOException(file + " is damaged: " + damaged.getMessage(), damaged);
        }
    }

    /** Whether a node may go on with it, as far as it can tell by itself. */
    boolean isMemory(boolean journalIsThere) throws IOException {
        try {
            return Tables.over(sql).settings().find(Metadata.BACKUP).isEmpty() && (journalIsThere || sequence() == 0);
        } catch (MetadataException damaged) {
            sql.forgetFailure();
            throw new IOException(file + " is damaged: " + damaged.getMessage(), damaged);
        }
    }

    private static RegisterKey key(Row row) throws SQLException {
        return new RegisterKey(row.text(1), row.small(2), row.text(3));
    }

    byte[] value(RegisterKey key) throws IOException {
        return only(
                "SELECT value FROM files WHERE bucket = ? AND shard = ? AND key = ?",
                key.bucket(),
                key.shard(),
                key.key());
    }

    byte[] value(Remains.FastWrite write) throws IOException {
        RegisterKey key = write.key();
        return only(
                "SELECT value FROM intents WHERE bucket = ? AND shard = ? AND key = ? AND id = ?",
                key.bucket(),
                key.shard(),
                key.key(),
                write.id());
    }

    private byte[] only(String query, Object... values) throws IOException {
        try {
            return sql.first(query, row -> row.bytes(1), values)
                    .orElseThrow(() -> new IOException(file + " has changed while it was read"));
        } catch (MetadataException damaged) {
            sql.forgetFailure();
            throw new IOException(file + " is damaged: " + damaged.getMessage(), damaged);
        }
    }

    @Override
    public void close() throws IOException {
        try {
            sql.close();
        } catch (SQLException failed) {
            throw new IOException(file + " did not close: " + failed.getMessage(), failed);
        }
    }
}
