package io.keplerfs.disk;

import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.ChunkRow.State;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.VersionId;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The tables {@code chunks} and {@code chunk_refs}. */
record ChunkTable(Sql sql) {
    private static final String SELECT = "SELECT id, size, state FROM chunks ";
    private static final String HAS_NO_REFERENCE =
            " AND NOT EXISTS (SELECT 1 FROM chunk_refs WHERE chunk_id = chunks.id)";

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
        sql.update(
                "INSERT OR REPLACE INTO chunks(id, size, state, created_at, verified_at, crc) VALUES (?, ?, ?, ?, ?, ?)",
                id,
                sizeBytes,
                State.LIVE,
                nowMillis,
                nowMillis,
                sums.encoded());
    }

    void verified(ChunkId id, long nowMillis) {
        sql.update("UPDATE chunks SET verified_at = ? WHERE id = ? AND state = ?", nowMillis, id, State.LIVE);
    }

    /** LIVE becomes QUARANTINE; false if it is not live. */
    boolean quarantine(ChunkId id) {
        return sql.update("UPDATE chunks SET state = ? WHERE id = ? AND state = ?", State.QUARANTINE, id, State.LIVE)
                == 1;
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

    List<Pin> pins(ChunkId id) {
        return sql.list(
                "SELECT upload_id, bucket, key FROM chunk_refs WHERE chunk_id = ?",
                row -> new Pin(row.version(1), row.text(2), row.text(3)),
                id);
    }

    boolean pin(ChunkId id, Pin pin) {
        sql.update(
                "INSERT OR REPLACE INTO chunk_refs(chunk_id, upload_id, bucket, key) VALUES (?, ?, ?, ?)",
                id,
                pin.upload(),
                pin.bucket(),
                pin.key());
        return find(id).filter(row -> row.state() == State.LIVE).isPresent();
    }

    List<ChunkId> unpin(VersionId upload) {
        String onlyHere = "SELECT chunk_id FROM chunk_refs AS mine WHERE upload_id = ? AND NOT EXISTS"
                + " (SELECT 1 FROM chunk_refs WHERE chunk_id = mine.chunk_id AND upload_id <> mine.upload_id)"
                + " ORDER BY chunk_id";
        List<ChunkId> unneeded = sql.list(onlyHere, row -> row.chunk(1), upload);
        sql.update("DELETE FROM chunk_refs WHERE upload_id = ?", upload);
        return unneeded;
    }

    private static ChunkRow shape(Row row) throws SQLException {
        return new ChunkRow(row.chunk(1), row.small(2), row.constant(3, State.class));
    }
}
