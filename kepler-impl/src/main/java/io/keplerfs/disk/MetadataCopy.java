package io.keplerfs.disk;

import io.keplerfs.spi.Store;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;

/**
 * A consistent copy of {@code meta.db} in one file, made while the store writes on.
 *
 * @param file where it is
 * @param sizeBytes of the file
 * @param registers rows of registers in it, tombstones included
 * @param chunks rows of chunks
 */
public record MetadataCopy(Path file, long sizeBytes, long registers, long chunks) {
    private static final String UNFINISHED = ".unfinished";

    /**
     * One read transaction on a connection of its own: the log of meta.db grows until it ends.
     *
     * @throws IllegalArgumentException if a file of that name must not or cannot be made
     */
    static MetadataCopy of(DataDirectory directory, Path to, Disk disk, MetadataCopies copies) throws IOException {
        Path file = to.toAbsolutePath().normalize();
        refuse(directory, file, disk);
        Path unfinished = Path.of(file + UNFINISHED);
        if (Files.exists(unfinished)) {
            throw new IOException(unfinished + " is left from a backup that runs or broke off: delete it if none runs");
        }
        try {
            // Before anything is in it: secrets of the cluster will be.
            OwnerOnly.claim(unfinished);
            MetadataCopy copy = write(directory, file, unfinished, copies);
            disk.rename(unfinished, file);
            disk.forceDirectory(parent(file));
            return copy;
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    private static void refuse(DataDirectory directory, Path file, Disk disk) throws IOException {
        if (Files.exists(file)) {
            throw new IllegalArgumentException(file + " exists: a backup does not replace another one");
        }
        if (!Files.isDirectory(parent(file))) {
            throw new IllegalArgumentException("there is no directory " + parent(file) + " on the node's machine");
        }
        if (parent(file).toRealPath().startsWith(directory.root().toRealPath())) {
            throw new IllegalArgumentException(
                    file
                            + " is in the data directory, with which it would be lost: choose another place, best on another disk");
        }
        Store.Usage usage = new Store.Usage(0, 0, disk.freeBytes(directory.root()), disk.totalBytes(directory.root()));
        if (usage.isNearlyFull()) {
            throw new IOException("only " + usage.freeBytes() + " bytes are free at " + directory.root()
                    + ", and until a backup is done the log of meta.db grows there: make room first");
        }
        long free = parent(file).toFile().getUsableSpace();
        long needed = Files.size(directory.database());
        if (free < needed + Store.Usage.reserveBytes(disk.totalBytes(parent(file)))) {
            throw new IOException(
                    "only " + free + " bytes are free at " + parent(file) + ", up to " + needed + " are needed");
        }
    }

    private static Path parent(Path file) throws IOException {
        Path parent = file.getParent();
        if (parent == null) {
            throw new IOException(file + " is no name of a file");
        }
        return parent;
    }

    /** So that no node takes it for its memory. */
    private static void mark(Path unfinished) throws IOException {
        try (Sql sql = Metadata.connectToMark(unfinished)) {
            new SettingTable(sql).put(Metadata.BACKUP, new byte[] {1});
        } catch (SQLException | MetadataException failed) {
            throw new IOException("the backup " + unfinished + " cannot be marked: " + failed.getMessage(), failed);
        }
    }

    private static MetadataCopy write(DataDirectory directory, Path file, Path unfinished, MetadataCopies copies)
            throws IOException {
        try (Sql sql = Metadata.connectToRead(directory.database())) {
            copies.hold(sql);
            try {
                sql.update("VACUUM INTO ?", unfinished.toString());
            } finally {
                copies.letGo();
            }
        } catch (SQLException | MetadataException failed) {
            throw new IOException("no backup of meta.db in " + directory.root() + ": " + failed.getMessage(), failed);
        }
        mark(unfinished);
        try (FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        try (Sql sql = Metadata.connectToRead(unfinished)) {
            copies.hold(sql);
            try {
                return new MetadataCopy(
                        file,
                        Files.size(unfinished),
                        sql.number("SELECT count(*) FROM files"),
                        sql.number("SELECT count(*) FROM chunks"));
            } finally {
                copies.letGo();
            }
        } catch (SQLException | MetadataException failed) {
            throw new IOException("the backup " + unfinished + " cannot be read: " + failed.getMessage(), failed);
        }
    }
}
