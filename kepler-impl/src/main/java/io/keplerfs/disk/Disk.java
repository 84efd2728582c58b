package io.keplerfs.disk;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.sql.SQLException;

/**
 * Every operation whose order makes an ack true, in one place: tests put a recording or failing disk behind the same code. Of
 * reads only those of chunks are here, because an error says another thing than bytes that fail a check.
 */
interface Disk {
    /** Creates the file, or empties it. */
    Output create(Path file) throws IOException;

    /** Opens a chunk's file. */
    FileChannel open(Path file) throws IOException;

    /** Creates the directory unless it is there; its parent must be. */
    void createDirectory(Path directory) throws IOException;

    /** Replaces the target at once or not at all; both are on one file system. */
    void rename(Path from, Path to) throws IOException;

    /** Makes names in the directory durable: creations, renames and removals so far. */
    void forceDirectory(Path directory) throws IOException;

    /** Makes the open SQLite transaction durable. */
    void commit(Sql metadata) throws SQLException;

    /** What an unprivileged process may still write where the path lies. */
    long freeBytes(Path path);

    /** Size of the file system where the path lies. */
    long totalBytes(Path path);

    /** A file being written. */
    interface Output extends Closeable {
        /** Writes everything between position and limit; the buffer's own position does not move. */
        void write(ByteBuffer bytes) throws IOException;

        /** Makes the bytes durable, though not yet the name. */
        void force() throws IOException;
    }
}
