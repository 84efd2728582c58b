package io.keplerfs.disk;

import java.sql.SQLException;
import java.util.EnumSet;
import java.util.Set;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** What an error of SQLite means for the promises of a store. */
final class SqliteErrors {
    /** The low byte of an extended result code is its primary code. */
    private static final int PRIMARY = 0xff;

    private static final Set<SQLiteErrorCode> DOUBTFUL = EnumSet.of(
            SQLiteErrorCode.SQLITE_IOERR,
            SQLiteErrorCode.SQLITE_CORRUPT,
            SQLiteErrorCode.SQLITE_NOTADB,
            SQLiteErrorCode.SQLITE_CANTOPEN,
            SQLiteErrorCode.SQLITE_READONLY);

    private SqliteErrors() {}

    /** Whether there was no room on the disk. */
    static boolean isFull(SQLException failed) {
        return failed instanceof SQLiteException told
                && (told.getResultCode().code & PRIMARY) == SQLiteErrorCode.SQLITE_FULL.code;
    }

    /**
     * Whether a commit that failed so may still appear after a restart: its frames may lie complete in the write-ahead log while
     * only their fsync failed. A full disk is no such case, because the frame that commits is the last one written.
     */
    static boolean leavesDoubt(SQLException failed) {
        if (!(failed instanceof SQLiteException told)) {
            return false;
        }
        int primary = told.getResultCode().code & PRIMARY;
        return DOUBTFUL.stream().anyMatch(code -> code.code == primary);
    }
}
