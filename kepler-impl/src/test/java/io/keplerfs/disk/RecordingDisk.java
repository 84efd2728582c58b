package io.keplerfs.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A real disk that writes down what is done to it, and can be told to fail, to wait or to be full. */
final class RecordingDisk implements Disk {
    private volatile String reason = "injected";
    private final FileDisk real = new FileDisk(false);
    private final Path root;
    private final List<String> events = new CopyOnWriteArrayList<>();
    private volatile @Nullable String failing;
    private volatile @Nullable SQLException failingCommit;
    private volatile Predicate<Path> unreadable = file -> false;
    private volatile LongSupplier freeBytes = () -> Long.MAX_VALUE;
    private volatile CountDownLatch gate = new CountDownLatch(0);

    /** @param root events name paths relative to it */
    RecordingDisk(Path root) {
        this.root = root;
    }

    List<String> events() {
        return events;
    }

    void record(String event) {
        events.add(event);
    }

    /** Whatever begins with that word fails from now on; null to end it. */
    void fail(@Nullable String operation) {
        failing = operation;
    }

    void failCommit(@Nullable SQLException with) {
        failingCommit = with;
    }

    /** Files that give read errors from now on. */
    void failReadsOf(Predicate<Path> files) {
        unreadable = files;
    }

    void setFreeBytes(long bytes) {
        freeBytes = () -> bytes;
    }

    void setFreeBytes(LongSupplier bytes) {
        freeBytes = bytes;
    }

    /** Holds the next operations until the latch is open. */
    CountDownLatch hold() {
        gate = new CountDownLatch(1);
        return gate;
    }

    /** What the errors of the next failures say. */
    void because(String why) {
        reason = why;
    }

    private void happens(String event) throws IOException {
        await();
        events.add(event);
        String prefix = failing;
        if (prefix != null && event.startsWith(prefix)) {
            throw new IOException(reason + ": " + event);
        }
    }

    private void await() {
        try {
            if (!gate.await(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException("nobody opened the gate");
            }
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    private String name(Path path) {
        return path.startsWith(root) ? root.relativize(path).toString() : "outside";
    }

    @Override
    public Output create(Path file) throws IOException {
        happens("create " + name(file));
        Output out = real.create(file);
        return new Output() {
            @Override
            public void write(ByteBuffer bytes) throws IOException {
                happens("write " + name(file));
                out.write(bytes);
            }

            @Override
            public void force() throws IOException {
                happens("force " + name(file));
                out.force();
            }

            @Override
            public void close() throws IOException {
                out.close();
            }
        };
    }

    @Override
    public FileChannel open(Path file) throws IOException {
        if (unreadable.test(file)) {
            throw new IOException("Input/output error");
        }
        return real.open(file);
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
        happens("mkdir " + name(directory));
        real.createDirectory(directory);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        happens("rename " + name(from) + " " + name(to));
        real.rename(from, to);
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
        happens("force-dir " + name(directory));
        real.forceDirectory(directory);
    }

    @Override
    public void commit(Sql metadata) throws SQLException {
        await();
        events.add("commit");
        SQLException failure = failingCommit;
        if (failure != null) {
            throw failure;
        }
        real.commit(metadata);
    }

    @Override
    public long freeBytes(Path path) {
        return freeBytes.getAsLong();
    }

    @Override
    public long totalBytes(Path path) {
        return Long.MAX_VALUE;
    }
}
