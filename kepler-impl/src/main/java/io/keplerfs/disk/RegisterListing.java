package io.keplerfs.disk;

import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRange;
import io.keplerfs.spi.RegisterRow;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;

/**
 * Looks a {@link RegisterRange} up in the table {@code files}: one statement, which walks the index {@code files_live} and touches
 * nothing but what it answers. The index has the names of folders, so their rows are not read: a page of the table for each would
 * be more than half of what a page of the listing costs. Parameters of every statement:
 *
 * <pre>
 * ?1 bucket
 * ?2 the key to begin at or above
 * ?3 above every key with the prefix
 * ?4 one byte for each shard, 1 if it is looked into
 * ?5 how many
 * ?6 where the delimiter may begin, in bytes from 1
 * ?7 the delimiter
 * ?8 its bytes
 * </pre>
 */
final class RegisterListing {
    /** Without the name SQLite may walk the whole table, and past every tombstone in it. */
    private static final String LIVE = " FROM files INDEXED BY files_live WHERE bucket = ?1 AND live = 1"
            + " AND substr(?4, shard + 1, 1) = x'01' AND ";

    private static final String BELOW_END_BY_KEY = " AND key < CAST(?3 AS TEXT) ORDER BY key LIMIT ";
    private static final String SELECT = "SELECT " + RegisterTable.COLUMNS + LIVE;
    private static final String PLAIN_END = BELOW_END_BY_KEY + "?5";
    private static final String LIST_FROM = SELECT + "key >= ?2" + PLAIN_END;
    private static final String LIST_ABOVE = SELECT + "key > ?2" + PLAIN_END;

    /** Bytes, because for text SQLite counts characters, and ends it at U+0000. */
    private static final String BYTES = "CAST(found.key AS BLOB)";

    private static final String DELIMITER_AT = "instr(substr(" + BYTES + ", ?6), ?7)";
    /** The byte 0xFF occurs in no UTF-8: behind a common prefix it is above every key that has it. */
    private static final String BEYOND = "CASE " + DELIMITER_AT + " WHEN 0 THEN found.key ELSE CAST(substr(" + BYTES
            + ", 1, ?6 + " + DELIMITER_AT + " + ?8 - 2) || x'ff' AS TEXT) END";

    private static final int FOLDED_COLUMN = 11;

    private static final String FOLDED_FROM = folded("key >= ?2");
    private static final String FOLDED_ABOVE = folded("key > ?2");

    private RegisterListing() {}

    /**
     * From each key found to the next one that is shown as another: a seek for each that is shown, however many are folded. The
     * queue of the recursion never has more than one row, so they come in order. The row of what is not folded is then looked up
     * by its primary key; that of a folder by NULL, for which SQLite does not seek, while it would check a condition after the seek.
     */
    private static String folded(String begin) {
        return "WITH RECURSIVE found(key) AS (SELECT (SELECT key" + LIVE + begin + BELOW_END_BY_KEY + "1)"
                + " UNION ALL SELECT (SELECT key" + LIVE + "key > " + BEYOND + BELOW_END_BY_KEY + "1)"
                + " FROM found WHERE found.key IS NOT NULL LIMIT ?5)"
                + " SELECT ?1, named.shard, named.key, it.promised_time, it.promised_node, it.accepted_time, it.accepted_node,"
                + " it.value, it.memory, it.live, " + DELIMITER_AT
                + " FROM found CROSS JOIN files AS named INDEXED BY files_live LEFT JOIN files AS it"
                + " ON it.bucket = CASE " + DELIMITER_AT
                + " WHEN 0 THEN ?1 END AND it.shard = named.shard AND it.key = named.key"
                + " WHERE named.bucket = ?1 AND named.key = found.key AND named.live = 1"
                + " AND substr(?4, named.shard + 1, 1) = x'01'";
    }

    private static RegisterRow shapeFolded(Row row) throws SQLException {
        return row.number(FOLDED_COLUMN) > 0
                ? RegisterRow.folded(new RegisterKey(row.text(1), row.small(2), row.text(3)))
                : RegisterTable.shape(row);
    }

    static List<RegisterRow> of(Sql sql, RegisterRange range) {
        String prefix = range.fold().prefix();
        String after = range.after();
        // One lower bound, not two: SQLite would seek to the first and skip row by row to the second.
        boolean fromPrefix = after == null || RegisterKey.compareKeys(after, prefix) < 0;
        String begin = fromPrefix ? prefix : String.valueOf(after);
        byte[] utf8 = prefix.getBytes(StandardCharsets.UTF_8);
        byte[] end = aboveEveryKeyWith(utf8);
        byte[] shards = map(range.shards());
        byte[] delimiter = range.fold().delimiter().getBytes(StandardCharsets.UTF_8);
        if (delimiter.length == 0) {
            String query = fromPrefix ? LIST_FROM : LIST_ABOVE;
            return sql.list(query, RegisterTable::shape, range.bucket(), begin, end, shards, range.limit());
        }
        return sql.list(
                fromPrefix ? FOLDED_FROM : FOLDED_ABOVE,
                RegisterListing::shapeFolded,
                range.bucket(),
                begin,
                end,
                shards,
                range.limit(),
                utf8.length + 1,
                delimiter,
                delimiter.length);
    }

    private static byte[] aboveEveryKeyWith(byte[] prefix) {
        byte[] end = Arrays.copyOf(prefix, prefix.length + 1);
        end[prefix.length] = (byte) 0xff;
        return end;
    }

    private static byte[] map(Collection<Integer> shards) {
        byte[] map = new byte[shards.isEmpty() ? 0 : Collections.max(shards) + 1];
        for (int shard : shards) {
            map[shard] = 1;
        }
        return map;
    }
}
