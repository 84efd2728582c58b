package io.keplerfs.disk;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keeps a data directory to one store. The file {@code lock} is held by an operating system lock, so it frees itself when the
 * process dies; its text, one line, names the holder: {@code process 123 (node-a, since 2026-01-31T12:00:00Z)}.
 */
final class DirectoryLock implements Closeable {
    static final String FILE = "lock";

    /**
     * POSIX drops all locks a process has on a file as soon as it closes any descriptor of it. A second store of this JVM must
     * therefore be refused before it opens the file, which needs this one piece of static state.
     */
    private static final Map<Path, String> HELD_IN_THIS_JVM = new ConcurrentHashMap<>();

    private final Path realDirectory;
    private final FileChannel channel;

    private DirectoryLock(Path realDirectory, FileChannel channel) {
        this.realDirectory = realDirectory;
        this.channel = channel;
    }

    /** @throws IOException naming the holder, if there is one */
    static DirectoryLock take(Path directory, String label, long nowMillis) throws IOException {
        Path real = directory.toRealPath();
        String holder = "process " + ProcessHandle.current().pid() + " (" + label + ", since "
                + Instant.ofEpochMilli(nowMillis) + ")";
        String other = HELD_IN_THIS_JVM.putIfAbsent(real, holder);
        if (other != null) {
            throw inUse(directory, other);
        }
        boolean taken = false;
        try {
            DirectoryLock lock = new DirectoryLock(real, lockFile(directory, holder));
            taken = true;
            return lock;
        } finally {
            if (!taken) {
                HELD_IN_THIS_JVM.remove(real);
            }
        }
    }

    private static FileChannel lockFile(Path directory, String holder) throws IOException {
        Path file = directory.resolve(FILE);
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                channel.truncate(0);
                channel.write(ByteBuffer.wrap((holder + "\n").getBytes(StandardCharsets.UTF_8)));
                return channel;
            }
        } catch (OverlappingFileLockException heldByAnotherClassLoader) {
            // The channel stays open on purpose: closing it would release the other holder's lock.
            throw inUse(directory, "another class loader of this process");
        } catch (IOException failed) {
            channel.close();
            throw failed;
        }
        channel.close();
        throw inUse(directory, readHolder(file));
    }

    private static String readHolder(Path file) throws IOException {
        String text = Files.readString(file).strip();
        return text.isEmpty() ? "another process" : text;
    }

    private static IOException inUse(Path directory, String holder) {
        return new IOException("data directory " + directory + " is in use by " + holder
                + ": stop that node or choose another directory");
    }

    /** The file stays, empty: removing it would let two later processes lock two different files. */
    @Override
    public void close() throws IOException {
        try (channel) {
            channel.truncate(0);
        } finally {
            HELD_IN_THIS_JVM.remove(realDirectory);
        }
    }
}
