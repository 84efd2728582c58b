package io.keplerfs.disk;

import io.keplerfs.spi.UploadRow;
import io.keplerfs.values.VersionId;
import java.util.List;

/**
 * The table {@code uploads}. Its column {@code state} is always OPEN: how far an upload has come only its register knows. Rows of
 * another state, which no release has written, count the same.
 */
record UploadTable(Sql sql) {
    List<UploadRow> all() {
        return sql.list(
                "SELECT id, bucket, key, created_at FROM uploads ORDER BY id",
                row -> new UploadRow(row.version(1), row.text(2), row.text(3), row.number(4)));
    }

    void put(UploadRow upload) {
        sql.update(
                "INSERT OR REPLACE INTO uploads(id, bucket, key, state, created_at) VALUES (?, ?, ?, 'OPEN', ?)",
                upload.id(),
                upload.bucket(),
                upload.key(),
                upload.createdMillis());
    }

    void remove(VersionId id) {
        sql.update("DELETE FROM uploads WHERE id = ?", id);
    }
}
