package io.keplerfs.disk;

import io.keplerfs.spi.UploadRow;
import io.keplerfs.values.VersionId;
import java.util.List;

/** The table {@code uploads}. */
record UploadTable(Sql sql) {
    List<UploadRow> all() {
        return sql.list(
                "SELECT id, bucket, key, state, created_at FROM uploads ORDER BY id",
                row -> new UploadRow(
                        row.version(1),
                        row.text(2),
                        row.text(3),
                        row.constant(4, UploadRow.State.class),
                        row.number(5)));
    }

    void put(UploadRow upload) {
        sql.update(
                "INSERT OR REPLACE INTO uploads(id, bucket, key, state, created_at) VALUES (?, ?, ?, ?, ?)",
                upload.id(),
                upload.bucket(),
                upload.key(),
                upload.state(),
                upload.createdMillis());
    }

    void remove(VersionId id) {
        sql.update("DELETE FROM uploads WHERE id = ?", id);
    }
}
