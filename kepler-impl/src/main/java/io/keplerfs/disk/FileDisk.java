package io.keplerfs.disk;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;

/**
 * The real disk.
 *
 * @param fsync false turns every force into nothing
 */
record FileDisk(boolean fsync) implements Disk {
    /** The JDK keeps a direct buffer as large as the largest heap buffer a thread ever wrote: write in slices. */
    private static final int SLICE_BYTES = 512 * 1024;

    /** Windows cannot open a directory, and NTFS journals names by itself. */
    private static final boolean DIRECTORIES_CAN_BE_FORCED = File.separatorChar == '/';

    @Override
    public Output create(Path file) throws IOException {
        FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
        return new ChannelOutput(channel, fsync);
    }

    @Override
    public FileChannel open(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.READ);
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            // createDirectories, because another worker may come first and that is no error.
            Files.createDirectories(directory);
        }
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
        if (fsync && DIRECTORIES_CAN_BE_FORCED) {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    @Override
    public void commit(Sql metadata) throws SQLException {
        metadata.run("COMMIT");
    }

    @Override
    public long freeBytes(Path path) {
        return path.toFile().getUsableSpace();
    }

    @Override
    public long totalBytes(Path path) {
        return path.toFile().getTotalSpace();
    }

    private record ChannelOutput(FileChannel channel, boolean fsync) implements Output {
        @Override
        public void write(ByteBuffer bytes) throws IOException {
            int end = bytes.limit();
            for (int from = bytes.position(); from < end; from += SLICE_BYTES) {
                ByteBuffer slice = bytes.slice(from, Math.min(SLICE_BYTES, end - from));
                while (slice.hasRemaining()) {
                    channel.write(slice);
                }
            }
        }

        @Override
        public void force() throws IOException {
            if (fsync) {
                channel.force(true);
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
