package io.keplerfs.disk;

import java.util.Optional;

/** The table {@code settings}. */
record SettingTable(Sql sql) {
    Optional<byte[]> find(String name) {
        return sql.first("SELECT value FROM settings WHERE name = ?", row -> row.bytes(1), name);
    }

    void put(String name, byte[] value) {
        sql.update("INSERT OR REPLACE INTO settings(name, value) VALUES (?, ?)", name, value);
    }
}
