package io.keplerfs.disk;

import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.ChunkRow.State;
import io.keplerfs.spi.DigestKind;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The table {@code chunks}. */
record ChunkTable(Sql sql, DigestTable digests) {
    private static final String SELECT = "SELECT id, size, state FROM chunks ";
    private static final String HAS_NO_REFERENCE =
            " AND NOT EXISTS (SELECT 1 FROM " + ReferenceTable.LIVE + "chunk_id = chunks.id)";
    /** The words of the partial index {@code chunks_unreferenced}. */
    private static final String UNREFERENCED = "WHERE unreferenced_since > 0 AND state <> 'TRASH' AND ";
    /** Without the name SQLite may walk the whole table; after the loss of a disk all of it may be in quarantine. */
    private static final String BY_INDEX = "INDEXED BY chunks_unreferenced " + UNREFERENCED;

    Optional<ChunkRow> find(ChunkId id) {
        return sql.first(SELECT + "WHERE id = ?", ChunkTable::shape, id);
    }

    /** With what is needed to check its bytes. */
    Optional<StoredChunk> findStored(ChunkId id) {
        return sql.first(
                "SELECT id, size, state, crc FROM chunks WHERE id = ?",
                row -> new StoredChunk(shape(row), new PieceSums(row.bytes(4))),
                id);
    }

    /** LIVE ones above the id. */
    List<StoredChunk> liveAbove(byte[] id, int limit) {
        return sql.list(
                "SELECT id, size, state, crc FROM chunks WHERE id > ? AND state = 'LIVE' ORDER BY id LIMIT ?",
                row -> new StoredChunk(shape(row), new PieceSums(row.bytes(4))),
                id,
                limit);
    }

    List<ChunkRow> above(@Nullable ChunkId cursor, int limit) {
        return cursor == null
                ? sql.list(SELECT + "ORDER BY id LIMIT ?", ChunkTable::shape, limit)
                : sql.list(SELECT + "WHERE id > ? ORDER BY id LIMIT ?", ChunkTable::shape, cursor, limit);
    }

    List<ChunkId> in(State state) {
        return sql.list("SELECT id FROM chunks WHERE state = ?", row -> row.chunk(1), state);
    }

    /** Number and bytes of the live chunks. */
    Store.Usage live(long freeBytes) {
        return sql.first(
                        "SELECT count(*), coalesce(sum(size), 0) FROM chunks WHERE state = ?",
                        row -> new Store.Usage(row.number(1), row.number(2), freeBytes),
                        State.LIVE)
                .orElseThrow();
    }

    void putLive(ChunkId id, int sizeBytes, PieceSums sums, long nowMillis) {
        digests.around(
                id,
                () -> sql.update(
                        "INSERT OR REPLACE INTO chunks(id, size, state, created_at, verified_at, crc)"
                                + " VALUES (?, ?, ?, ?, ?, ?)",
                        id,
                        sizeBytes,
                        State.LIVE,
                        nowMillis,
                        nowMillis,
                        sums.encoded()));
        noteIfUnreferenced(id, nowMillis);
    }

    /** TRASH becomes LIVE; false if it is not trash any more. */
    boolean restore(ChunkId id, long nowMillis) {
        boolean back = become(id, State.TRASH, State.LIVE);
        noteIfUnreferenced(id, nowMillis);
        return back;
    }

    private void noteIfUnreferenced(ChunkId id, long nowMillis) {
        sql.update("UPDATE chunks SET unreferenced_since = 0 WHERE id = ?", id);
        sql.update("UPDATE chunks SET unreferenced_since = ? WHERE id = ?" + HAS_NO_REFERENCE, nowMillis, id);
    }

    List<ChunkRow> unreferenced(long untilMillis, @Nullable ChunkId cursor, int limit) {
        return cursor == null
                ? sql.list(
                        SELECT + BY_INDEX + "unreferenced_since <= ? ORDER BY id LIMIT ?",
                        ChunkTable::shape,
                        untilMillis,
                        limit)
                : sql.list(
                        SELECT + BY_INDEX + "unreferenced_since <= ? AND id > ? ORDER BY id LIMIT ?",
                        ChunkTable::shape,
                        untilMillis,
                        cursor,
                        limit);
    }

    OptionalLong unreferencedSince(ChunkId id) {
        return sql.first("SELECT unreferenced_since FROM chunks " + UNREFERENCED + "id = ?", row -> row.number(1), id)
                .map(OptionalLong::of)
                .orElseGet(OptionalLong::empty);
    }

    Store.Space space() {
        return new Store.Space(
                sql.number("SELECT sum(size) FROM chunks WHERE state = 'TRASH'"),
                sql.number("SELECT sum(size) FROM chunks " + BY_INDEX + "state = 'LIVE'"));
    }

    /** Ids of one slice, whatever their state, with their sizes: see {@link Store#reconcile}. */
    List<ChunkRow> slice(int firstByte) {
        byte[] from = {(byte) firstByte};
        return firstByte == Store.SLICES - 1
                ? sql.list(SELECT + "WHERE id >= ?", ChunkTable::shape, from)
                : sql.list(
                        SELECT + "WHERE id >= ? AND id < ?", ChunkTable::shape, from, new byte[] {(byte) (firstByte + 1)
                        });
    }

    void verified(ChunkId id, long nowMillis) {
        sql.update("UPDATE chunks SET verified_at = ? WHERE id = ? AND state = ?", nowMillis, id, State.LIVE);
    }

    /** LIVE becomes QUARANTINE; false if it is not live. */
    boolean quarantine(ChunkId id) {
        return become(id, State.LIVE, State.QUARANTINE);
    }

    private boolean become(ChunkId id, State from, State to) {
        String statement = "UPDATE chunks SET state = ? WHERE id = ? AND state = ?";
        return digests.around(id, () -> sql.update(statement, to, id, from)) == 1;
    }

    /** Every LIVE chunk becomes QUARANTINE; their number. */
    int quarantineAll() {
        digests.becomeEmpty(DigestKind.CHUNKS);
        return sql.update("UPDATE chunks SET state = ? WHERE state = ?", State.QUARANTINE, State.LIVE);
    }

    /** LIVE becomes TRASH; false if it is not live or somebody needs it. */
    boolean trash(ChunkId id) {
        String statement = "UPDATE chunks SET state = ? WHERE id = ? AND state = ?" + HAS_NO_REFERENCE;
        return sql.update(statement, State.TRASH, id, State.LIVE) == 1;
    }

    /** Forgets a quarantined chunk that nobody needs; its file stays for inspection. */
    boolean forgetQuarantined(ChunkId id) {
        String statement = "DELETE FROM chunks WHERE id = ? AND state = ?" + HAS_NO_REFERENCE;
        return sql.update(statement, id, State.QUARANTINE) == 1;
    }

    boolean forgetTrashed(ChunkId id) {
        return sql.update("DELETE FROM chunks WHERE id = ? AND state = ?", id, State.TRASH) == 1;
    }

    private static ChunkRow shape(Row row) throws SQLException {
        return new ChunkRow(row.chunk(1), row.small(2), row.constant(3, State.class));
    }
}
