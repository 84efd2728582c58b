package io.keplerfs.disk;

import com.google.common.util.concurrent.Uninterruptibles;
import io.keplerfs.spi.DiskFullException;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The single writer of {@code meta.db}: whatever waits at a moment becomes one SQLite transaction and one fsync, in the order
 * of arrival, and callers are told after it is durable. Each function runs exactly once; one that throws is undone alone.
 *
 * <p>If SQLite itself fails, the whole group fails. When the disk is merely full the writer then goes on; after an I/O error
 * nobody can say what a restart would find, so the store turns failed.
 *
 * <p>Maintainers: {@code sql} and {@code tables} belong to {@link #thread}; {@code ending} and additions to the queue are
 * guarded by {@code this}, so that nothing is queued behind the end.
 */
final class GroupCommit {
    private static final Logger LOG = LoggerFactory.getLogger(GroupCommit.class);

    /** Beyond this an fsync is spread thin enough, and the first caller of the group should not wait for more. */
    private static final int MAX_GROUP = 1_000;

    /** Some seconds of work; a node that falls further behind must say so instead of filling its heap. */
    private static final int MAX_WAITING = 65_536;

    private final Sql sql;
    private final Tables tables;
    private final Disk disk;
    private final FailureLatch failure;
    private final Supplier<Optional<String>> missing;
    private final LongSupplier wallMillis;
    private final String name;
    private final LinkedBlockingQueue<Waiting<?>> queue = new LinkedBlockingQueue<>();
    private final Waiting<Boolean> end = new Waiting<>(transaction -> true);
    private final Thread thread;
    private boolean ending;

    /** @param missing what is wrong if the directory is not there any more: a commit into an unlinked file would be a lie */
    GroupCommit(Sql sql, DiskOptions options, Disk disk, FailureLatch failure, Supplier<Optional<String>> missing) {
        this.sql = sql;
        this.tables = Tables.over(sql);
        this.disk = disk;
        this.failure = failure;
        this.missing = missing;
        this.wallMillis = options.wallMillis();
        this.name = options.directory().toString();
        this.thread = options.thread("store-writer", this::run);
    }

    void start() {
        thread.start();
    }

    <T> CompletableFuture<T> submit(Function<SqlTransaction, T> function) {
        Waiting<T> waiting = new Waiting<>(function);
        IOException refused = null;
        synchronized (this) {
            if (ending) {
                refused = new IOException("store of " + name + " is closed");
            } else if (queue.size() >= MAX_WAITING) {
                refused = new IOException("store of " + name + " is overloaded: " + MAX_WAITING
                        + " transactions wait for its disk; try later");
            } else {
                queue.add(waiting);
            }
        }
        if (refused != null) {
            waiting.future.completeExceptionally(refused);
        }
        return waiting.future;
    }

    /** Returns when everything submitted before is done; any thread but the writer's. */
    void drainAndStop() {
        synchronized (this) {
            if (!ending) {
                ending = true;
                queue.add(end);
            }
        }
        Uninterruptibles.joinUninterruptibly(thread);
    }

    private void run() {
        List<Waiting<?>> group = new ArrayList<>();
        try {
            boolean last = false;
            while (!last) {
                group.add(Uninterruptibles.takeUninterruptibly(queue));
                queue.drainTo(group, MAX_GROUP - 1);
                last = group.contains(end);
                commit(group);
                group.clear();
            }
        } catch (Throwable bug) {
            abandon(group, bug);
            throw bug;
        }
    }

    private void commit(List<Waiting<?>> group) {
        try {
            missing.get().ifPresent(why -> failure.trip(why, new IOException(why)));
            failure.check();
            sql.run("BEGIN IMMEDIATE");
            for (Waiting<?> waiting : group) {
                run(waiting);
            }
            writeDigests();
            disk.commit(sql);
        } catch (IOException refused) {
            group.forEach(waiting -> waiting.fail(refused));
            return;
        } catch (SQLException failed) {
            LOG.warn("{} transactions could not be written to {}: {}", group.size(), name, failed.getMessage());
            recover(failed);
            IOException told = told(failed);
            group.forEach(waiting -> waiting.fail(told));
            return;
        }
        group.forEach(Waiting::tell);
    }

    private IOException told(SQLException failed) {
        return SqliteErrors.isFull(failed)
                ? new DiskFullException(
                        "disk full: not written to meta.db in " + name + ": " + failed.getMessage()
                                + "; make room on its disk",
                        failed)
                : new IOException("not written to meta.db in " + name + ": " + failed.getMessage(), failed);
    }

    private void writeDigests() throws SQLException {
        try {
            tables.digests().flush();
        } catch (MetadataException remembered) {
            SQLException failed = sql.failure();
            throw failed != null ? failed : new SQLException("digests: " + remembered.getMessage(), remembered);
        }
    }

    private void run(Waiting<?> waiting) throws SQLException {
        SqlTransaction transaction = new SqlTransaction(tables, wallMillis.getAsLong());
        waiting.run(transaction);
        try {
            if (waiting.thrown == null) {
                transaction.keep();
            } else {
                transaction.undo();
            }
        } catch (MetadataException remembered) {
            LOG.debug("savepoint", remembered);
        } finally {
            transaction.end();
        }
        // Asked of the connection, because the caller's function may have caught what it threw.
        SQLException failed = sql.failure();
        if (failed != null) {
            throw failed;
        }
    }

    /** Rolls back, and proves that a new transaction can begin. */
    private void recover(SQLException cause) {
        sql.forgetFailure();
        tables.digests().forget();
        try {
            sql.run("ROLLBACK");
        } catch (SQLException noTransaction) {
            // After some errors SQLite has rolled back by itself; the probe below tells this from real trouble.
            LOG.debug("rollback after a failed commit", noTransaction);
        }
        try {
            sql.run("BEGIN IMMEDIATE");
            sql.run("ROLLBACK");
        } catch (SQLException stuck) {
            stuck.addSuppressed(cause);
            failure.trip("meta.db in " + name + " cannot roll back: " + stuck.getMessage(), stuck);
        }
        if (SqliteErrors.isFull(cause)) {
            makeRoom();
        }
        if (SqliteErrors.leavesDoubt(cause)) {
            failure.trip("meta.db in " + name + ": " + cause.getMessage(), cause);
        }
    }

    /** Moves the log into meta.db, whose pages it mostly replaces: then the next group, a delete perhaps, can use its space again. */
    private void makeRoom() {
        try {
            sql.number("PRAGMA wal_checkpoint(PASSIVE)");
        } catch (MetadataException stillFull) {
            LOG.debug("checkpoint on a full disk", stillFull);
            sql.forgetFailure();
        }
    }

    private void abandon(List<Waiting<?>> group, Throwable bug) {
        failure.trip("the writer of meta.db in " + name + " ended: " + bug, bug);
        synchronized (this) {
            ending = true;
            queue.drainTo(group);
        }
        group.forEach(waiting -> waiting.fail(bug));
    }

    /** One caller's function, and what became of it. */
    private static final class Waiting<T> {
        private final Function<SqlTransaction, T> function;
        private final CompletableFuture<T> future = new CompletableFuture<>();
        private @Nullable T result;
        private @Nullable Throwable thrown;

        Waiting(Function<SqlTransaction, T> function) {
            this.function = function;
        }

        void run(SqlTransaction transaction) {
            try {
                result = function.apply(transaction);
            } catch (Throwable byTheFunction) {
                thrown = byTheFunction;
            }
        }

        void tell() {
            if (thrown != null) {
                future.completeExceptionally(thrown);
            } else {
                future.complete(result);
            }
        }

        void fail(Throwable failure) {
            future.completeExceptionally(thrown != null && !(thrown instanceof MetadataException) ? thrown : failure);
        }
    }
}
