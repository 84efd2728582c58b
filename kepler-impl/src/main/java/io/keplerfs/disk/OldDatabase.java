package io.keplerfs.disk;

import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.RegisterKey;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.sqlite.SQLiteJDBCLoader;

/** A {@code meta.db}, or a backup of one, of any schema up to this release's; opened for reading only. */
final class OldDatabase implements Closeable {
    private static final int PAGE = 1_000;
    private static final String KEY = "bucket, shard, key";
    private static final String ACCEPTED =
            "SELECT " + KEY + ", accepted_time, accepted_node FROM files WHERE length(value) > 0";
    private static final String ORDER = " ORDER BY " + KEY + " LIMIT " + PAGE;

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

    /** Every register with a value, in pages. */
    void registers(RegisterVisitor visitor) throws SQLException {
        record Found(RegisterKey key, Ballot ballot) {}
        Sql.Shape<Found> shape = row -> new Found(key(row), row.ballot(4));
        List<Found> page = sql.list(ACCEPTED + ORDER, shape);
        while (!page.isEmpty()) {
            page.forEach(found -> visitor.register(found.key, found.ballot));
            RegisterKey last = page.get(page.size() - 1).key;
            page = sql.list(
                    ACCEPTED + " AND (" + KEY + ") > (?, ?, ?)" + ORDER,
                    shape,
                    last.bucket(),
                    last.shard(),
                    last.key());
        }
    }

    void fastWrites(FastVisitor visitor) throws SQLException {
        record Found(Remains.FastWrite write, Ballot ballot) {}
        sql.list(
                        "SELECT " + KEY + ", id, ballot_time, ballot_node FROM intents",
                        row -> new Found(new Remains.FastWrite(key(row), row.version(4)), row.ballot(5)))
                .forEach(found -> visitor.fastWrite(found.write, found.ballot));
    }

    /** Reads every page. */
    boolean isWhole() {
        return sql.first("PRAGMA quick_check(1)", row -> row.text(1))
                .filter("ok"::equals)
                .isPresent();
    }

    /** The number of the last group of transactions; a database without one is of a release that kept no journal. */
    long sequence() {
        return Metadata.sequence(Tables.over(sql)).orElse(0L);
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
