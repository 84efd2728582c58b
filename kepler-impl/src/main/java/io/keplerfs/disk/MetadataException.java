package io.keplerfs.disk;

import java.sql.SQLException;

/** Carries what SQLite said through functions that cannot declare it. */
final class MetadataException extends RuntimeException {
    MetadataException(SQLException cause) {
        super(cause.getMessage(), cause);
    }
}
