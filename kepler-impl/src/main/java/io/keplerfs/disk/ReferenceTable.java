package io.keplerfs.disk;

import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.Reference.State;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.VersionId;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The table {@code chunk_refs}. Every change keeps {@code chunks.unreferenced_since} true in the same transaction, so that the
 * collector finds its work without looking at every chunk.
 */
record ReferenceTable(Sql sql, DigestTable digests) {
    private static final String SELECT = "SELECT chunk_id, upload_id, bucket, key, state, since FROM chunk_refs ";
    /** By name, so that nothing ever walks over what was dropped; the words are those of the partial index. */
    static final String LIVE = "chunk_refs INDEXED BY chunk_refs_live WHERE state <> 'DROPPED' AND ";

    private static final String PUT =
            "INSERT INTO chunk_refs(chunk_id, upload_id, bucket, key, state, since) VALUES (?, ?, ?, ?, ?, ?)"
                    + " ON CONFLICT (chunk_id, upload_id) DO NOTHING";

    List<Reference> of(ChunkId chunk) {
        return sql.list(SELECT + "WHERE chunk_id = ? ORDER BY upload_id", ReferenceTable::shape, chunk);
    }

    Optional<Reference> of(ChunkId chunk, VersionId upload) {
        return sql.list(SELECT + "WHERE chunk_id = ? AND upload_id = ?", ReferenceTable::shape, chunk, upload).stream()
                .findFirst();
    }

    List<Pin> pins(ChunkId chunk) {
        return sql.list(
                "SELECT upload_id, bucket, key FROM " + LIVE + "chunk_id = ? ORDER BY upload_id",
                row -> new Pin(row.version(1), row.text(2), row.text(3)),
                chunk);
    }

    List<Reference> above(@Nullable Reference cursor, int limit) {
        String order = "ORDER BY chunk_id, upload_id LIMIT ?";
        return cursor == null
                ? sql.list(SELECT + order, ReferenceTable::shape, limit)
                : sql.list(
                        SELECT + "WHERE (chunk_id, upload_id) > (?, ?) " + order,
                        ReferenceTable::shape,
                        cursor.chunk(),
                        cursor.pin().upload(),
                        limit);
    }

    /** Grouped within the oldest references only: an upload of a million chunks must not be read to the end for one row. */
    List<Pin> uploadsIn(State state, long untilMillis, int limit) {
        return sql.list(
                "SELECT upload_id, bucket, key FROM (SELECT upload_id, bucket, key, since FROM chunk_refs"
                        + " WHERE state = ? AND since <= ? ORDER BY since LIMIT ?)"
                        + " GROUP BY upload_id ORDER BY min(since) LIMIT ?",
                row -> new Pin(row.version(1), row.text(2), row.text(3)),
                state,
                untilMillis,
                limit * 10,
                limit);
    }

    boolean isDropped(VersionId upload) {
        return sql.number("SELECT EXISTS(SELECT 1 FROM chunk_refs WHERE upload_id = ? AND state = 'DROPPED')", upload)
                == 1;
    }

    void pin(ChunkId chunk, Pin pin, long nowMillis) {
        put(new Reference(chunk, pin, State.INTENT, nowMillis));
    }

    void copy(Reference reference, long nowMillis) {
        boolean isNew = put(new Reference(reference.chunk(), reference.pin(), reference.state(), nowMillis));
        if (!isNew && reference.state() == State.REF) {
            sql.update(
                    "UPDATE chunk_refs SET state = 'REF', since = ?"
                            + " WHERE chunk_id = ? AND upload_id = ? AND state = 'INTENT'",
                    nowMillis,
                    reference.chunk(),
                    reference.pin().upload());
        }
    }

    /** Looks at no other reference: content that many keys share has a million, and every change waits for this one. */
    private boolean put(Reference reference) {
        boolean isNew = sql.update(
                        PUT,
                        reference.chunk(),
                        reference.pin().upload(),
                        reference.pin().bucket(),
                        reference.pin().key(),
                        reference.state(),
                        reference.sinceMillis())
                == 1;
        if (isNew && reference.isLive()) {
            digests.referenced(reference.chunk(), reference.pin().upload());
            sql.update(
                    "UPDATE chunks SET unreferenced_since = 0 WHERE id = ? AND unreferenced_since > 0",
                    reference.chunk());
        }
        return isNew;
    }

    void confirm(VersionId upload, long nowMillis) {
        sql.update(
                "UPDATE chunk_refs SET state = 'REF', since = ? WHERE upload_id = ? AND state <> 'DROPPED'",
                nowMillis,
                upload);
    }

    List<ChunkId> drop(VersionId upload, boolean confirmedOnly, long nowMillis) {
        String mine = " FROM chunk_refs AS mine WHERE upload_id = ? AND state "
                + (confirmedOnly ? "= 'REF'" : "<> 'DROPPED'");
        List<ChunkId> unneeded = sql.list(
                "SELECT chunk_id" + mine
                        + " AND NOT EXISTS (SELECT 1 FROM " + LIVE + "chunk_id = mine.chunk_id"
                        + " AND upload_id <> mine.upload_id) ORDER BY chunk_id",
                row -> row.chunk(1),
                upload);
        sql.list(
                        "SELECT chunk_id" + mine
                                + " AND EXISTS (SELECT 1 FROM chunks WHERE id = mine.chunk_id AND state = 'LIVE')",
                        row -> row.chunk(1),
                        upload)
                .forEach(chunk -> digests.dropped(chunk, upload));
        sql.update(
                "UPDATE chunks SET unreferenced_since = ? WHERE id IN (SELECT chunk_id" + mine
                        + ") AND NOT EXISTS (SELECT 1 FROM " + LIVE + "chunk_id = chunks.id AND upload_id <> ?)",
                Math.max(1, nowMillis),
                upload,
                upload);
        sql.update(
                "UPDATE chunk_refs SET state = 'DROPPED', since = ? WHERE upload_id = ? AND state "
                        + (confirmedOnly ? "= 'REF'" : "<> 'DROPPED'"),
                nowMillis,
                upload);
        return unneeded;
    }

    void forget(ChunkId chunk, long nowMillis) {
        digests.around(chunk, () -> sql.update("DELETE FROM chunk_refs WHERE chunk_id = ?", chunk));
        sql.update("UPDATE chunks SET unreferenced_since = ? WHERE id = ?", Math.max(1, nowMillis), chunk);
    }

    int forgetDropped(long untilMillis, int limit) {
        return sql.update(
                "DELETE FROM chunk_refs WHERE (chunk_id, upload_id) IN (SELECT chunk_id, upload_id FROM chunk_refs"
                        + " WHERE state = 'DROPPED' AND since <= ? LIMIT ?)",
                untilMillis,
                limit);
    }

    static Reference shape(Row row) throws SQLException {
        return new Reference(
                row.chunk(1),
                new Pin(row.version(2), row.text(3), row.text(4)),
                row.constant(5, State.class),
                row.number(6));
    }
}
