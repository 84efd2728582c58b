package io.keplerfs.disk;

import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.JDBC;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteJDBCLoader;

/** {@code meta.db}: opened in WAL mode, brought up to date, with one writer and {@value #READERS} readers. */
final class Metadata {
    /** Look-ups take some 20 µs, so few connections serve many threads. */
    static final int READERS = 4;

    private static final Logger LOG = LoggerFactory.getLogger(Metadata.class);

    /** Setting: long, the number of the last group of transactions that the {@link ManifestJournal} has to have. */
    private static final String JOURNAL = "journal";

    /** Setting of any value: this file is a {@link MetadataCopy}, which knows nothing of what was promised since it was made. */
    static final String BACKUP = "backup";

    /** Where the driver unpacks its native library; the system's temporary directory may be small or shared. */
    private static final String UNPACK_DIRECTORY = "org.sqlite.tmpdir";

    /** 40 MB of log between checkpoints: measured half again as fast as SQLite's 1,000 pages. */
    private static final int CHECKPOINT_PAGES = 10_000;

    private static final int PAGE_BYTES = 4 * 1024;
    private static final int LOG_KEPT_BYTES = 64 * 1024 * 1024;
    private static final int WRITER_CACHE_KIB = 16 * 1024;
    private static final int READER_CACHE_KIB = 4 * 1024;

    /** An operator with a {@code sqlite3} shell may hold the lock for a moment. */
    private static final int BUSY_MILLIS = 10_000;

    private final Sql writing;
    private final GroupCommit writer;
    private final Readers readers;
    private final ManifestJournal journal;

    private Metadata(Sql writing, GroupCommit writer, Readers readers, ManifestJournal journal) {
        this.journal = journal;
        this.writing = writing;
        this.writer = writer;
        this.readers = readers;
    }

    static Metadata open(DataDirectory directory, DiskOptions options, Disk disk, FailureLatch failure)
            throws IOException {
        List<Sql> opened = new ArrayList<>();
        try {
            unpackDriver(directory.temporary());
            // SQLite gives its log the rights of the database.
            OwnerOnly.claim(directory.database());
            Sql writing = connect(directory.database(), WRITER_CACHE_KIB);
            opened.add(writing);
            // FULL: the log is fsynced at every commit. NORMAL would lose the last commits in a power cut.
            pragma(writing, "synchronous = " + (options.fsync() ? "FULL" : "OFF"));
            long reserve = Store.Usage.reserveBytes(disk.totalBytes(directory.root()));
            // The log must fit into what is kept free for it, also on a small disk.
            pragma(writing, "wal_autocheckpoint = " + Math.min(CHECKPOINT_PAGES, reserve / 2 / PAGE_BYTES + 1));
            pragma(writing, "journal_size_limit = " + Math.min(LOG_KEPT_BYTES, reserve));
            Schema.bringUpToDate(writing);
            refuseBackup(directory, Tables.over(writing));
            // The names of meta.db and its log; SQLite keeps both until the last connection closes.
            disk.forceDirectory(directory.root());
            for (int i = 0; i < READERS; i++) {
                Sql reading = connect(directory.database(), READER_CACHE_KIB);
                opened.add(reading);
                pragma(reading, "query_only = ON");
            }
            ManifestJournal journal = openJournal(directory, disk, Tables.over(writing));
            GroupCommit writer = new GroupCommit(writing, options, disk, journal, failure, directory::missing);
            Metadata metadata = new Metadata(writing, writer, new Readers(opened.subList(1, opened.size())), journal);
            writer.start();
            journal.start(options, metadata.committed());
            return metadata;
        } catch (SQLException | MetadataException failed) {
            closeQuietly(opened);
            throw new IOException(
                    directory.database() + " cannot be opened: " + failed.getMessage()
                            + "; check the disk. If the file is damaged for good, make the directory a new member with 'kepler"
                            + " rebuild --from-peers " + directory.root() + "'",
                    failed);
        } catch (IOException failed) {
            closeQuietly(opened);
            throw failed;
        }
    }

    private static void refuseBackup(DataDirectory directory, Tables tables) throws IOException {
        if (tables.settings().find(BACKUP).isPresent()) {
            throw new IOException(
                    "meta.db in " + directory.root() + " is a backup: what the node has promised since it was made is"
                            + " not in it, and would be broken. Put the newer meta.db back, " + orRenew(directory));
        }
    }

    private static String orRenew(DataDirectory directory) {
        return "or make the directory a new member that keeps its chunks with 'kepler rebuild --from-peers "
                + directory.root() + "'";
    }

    private static ManifestJournal openJournal(DataDirectory directory, Disk disk, Tables tables) throws IOException {
        Optional<Long> sequence = sequence(tables);
        if (sequence.orElse(0L) > 0 && !Files.isDirectory(directory.manifests())) {
            throw new IOException(directory.manifests()
                    + " is missing, so nothing proves that meta.db is not an older copy, with"
                    + " which the node would break its promises: put that directory back, " + orRenew(directory));
        }
        disk.createDirectory(directory.manifests());
        disk.forceDirectory(directory.root());
        boolean unknown = sequence.isEmpty()
                && (!tables.registers().isEmpty() || !tables.intents().all(null).isEmpty());
        return ManifestJournal.open(directory, disk, ManifestJournal.Limits.USUAL, sequence.orElse(0L), unknown);
    }

    static Optional<Long> sequence(Tables tables) {
        return tables.settings().find(JOURNAL).map(bytes -> new WireReader(bytes).int64());
    }

    static void numberGroup(Tables tables, long sequence) {
        tables.settings().put(JOURNAL, new WireWriter().int64(sequence).toBytes());
    }

    private ManifestJournal.Committed committed() {
        return new ManifestJournal.Committed() {
            @Override
            public List<RegisterRow> registersAfter(@Nullable RegisterKey cursor, int limit) throws IOException {
                return read(snapshot -> snapshot.registersAfter(cursor, limit));
            }

            @Override
            public List<IntentRow> fastWrites() throws IOException {
                return read(snapshot -> snapshot.intents((String) null));
            }

            @Override
            public boolean isWhole() throws IOException {
                return read(snapshot -> snapshot.tables()
                        .sql()
                        .first("PRAGMA quick_check(1)", row -> row.text(1))
                        .filter("ok"::equals)
                        .isPresent());
            }
        };
    }

    /** The library is loaded once a JVM; the property is set only for that moment, and not over the operator's. */
    private static void unpackDriver(Path directory) throws IOException {
        boolean ours = System.getProperty(UNPACK_DIRECTORY) == null;
        if (ours) {
            System.setProperty(UNPACK_DIRECTORY, directory.toString());
        }
        try {
            SQLiteJDBCLoader.initialize();
        } catch (Exception failed) {
            throw new IOException(
                    "the SQLite library cannot be loaded from " + System.getProperty(UNPACK_DIRECTORY)
                            + "; if that is mounted noexec, name another directory with -D" + UNPACK_DIRECTORY,
                    failed);
        } finally {
            if (ours) {
                System.clearProperty(UNPACK_DIRECTORY);
            }
        }
    }

    private static Sql connect(Path database, int cacheKib) throws IOException, SQLException {
        Sql sql = new Sql(JDBC.createConnection("jdbc:sqlite:" + database, new Properties()));
        pragma(sql, "busy_timeout = " + BUSY_MILLIS);
        String mode = sql.first("PRAGMA journal_mode = WAL", row -> row.text(1)).orElse("");
        if (!mode.equals("wal")) {
            sql.close();
            throw new IOException(database + " cannot keep a write-ahead log (mode is '" + mode
                    + "'): put the data directory on a local disk");
        }
        pragma(sql, "cache_size = -" + cacheKib);
        pragma(sql, "temp_store = MEMORY");
        return sql;
    }

    /** A connection of its own, for what takes long; whatever mode the file is in. */
    static Sql connectToRead(Path database) throws SQLException {
        SQLiteConfig readOnly = new SQLiteConfig();
        readOnly.setReadOnly(true);
        // Not by statements of ours: one that stays open after its pragma would keep VACUUM from beginning.
        readOnly.setBusyTimeout(BUSY_MILLIS);
        readOnly.setCacheSize(-READER_CACHE_KIB);
        return new Sql(JDBC.createConnection("jdbc:sqlite:" + database, readOnly.toProperties()));
    }

    /** To change something in a file that no store has opened. */
    static Sql connectToMark(Path copy) throws SQLException {
        return new Sql(JDBC.createConnection("jdbc:sqlite:" + copy, new Properties()));
    }

    private static void pragma(Sql sql, String setting) throws SQLException {
        sql.run("PRAGMA " + setting);
    }

    private static void closeQuietly(List<Sql> opened) {
        for (Sql sql : opened) {
            try {
                sql.close();
            } catch (SQLException failed) {
                LOG.debug("closing after a failed open", failed);
            }
        }
    }

    /** Completes on the writer's thread, after the commit is durable. */
    <T> CompletableFuture<T> write(Function<SqlTransaction, T> function) {
        return writer.submit(function);
    }

    void checkpointJournal() throws IOException {
        journal.checkpoint(committed());
    }

    /** The same, waiting for it; never on the writer's thread. */
    <T> T writeNow(Function<SqlTransaction, T> function) throws IOException {
        try {
            return writer.submit(function).join();
        } catch (CompletionException failed) {
            Throwable cause = failed.getCause();
            throw cause instanceof IOException told ? told : new IOException(failed);
        }
    }

    /** On this thread. */
    <T> T read(Function<SqlSnapshot, T> function) throws IOException {
        return readers.query(function);
    }

    /** Ends what was submitted, then closes; nobody may be reading or writing any more. */
    void close() {
        writer.drainAndStop();
        journal.close();
        readers.close();
        try {
            // Last, so that SQLite moves the log into meta.db and removes it.
            writing.close();
        } catch (SQLException failed) {
            LOG.warn("meta.db did not close cleanly; its log is replayed at the next start: {}", failed.getMessage());
        }
    }
}
