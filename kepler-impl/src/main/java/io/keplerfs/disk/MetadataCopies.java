package io.keplerfs.disk;

import com.google.common.util.concurrent.Uninterruptibles;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Makes the copies of one store's metadata: one at a time, since each lets the log of meta.db grow, and on a thread of its own, since it
 * may take minutes. Any thread; what changes is guarded by {@code this}.
 */
final class MetadataCopies {
    /** An interrupt between two statements is lost, so it is repeated. */
    private static final Duration BETWEEN_INTERRUPTS = Duration.ofMillis(50);

    private final DataDirectory directory;
    private final Disk disk;
    private final DiskOptions options;
    private @Nullable Thread running;
    private @Nullable Sql connection;
    private boolean closed;

    MetadataCopies(DataDirectory directory, Disk disk, DiskOptions options) {
        this.directory = directory;
        this.disk = disk;
        this.options = options;
    }

    synchronized CompletableFuture<MetadataCopy> start(Path to) {
        if (closed) {
            return CompletableFuture.failedFuture(new IOException("the store of " + directory.root() + " is closed"));
        }
        if (running != null) {
            return CompletableFuture.failedFuture(
                    new IOException("another backup of " + directory.root() + " is being made: wait until it is done"));
        }
        CompletableFuture<MetadataCopy> future = new CompletableFuture<>();
        Thread thread = options.thread("store-backup", () -> run(to, future));
        running = thread;
        thread.start();
        return future;
    }

    private void run(Path to, CompletableFuture<MetadataCopy> future) {
        try {
            MetadataCopy copy = MetadataCopy.of(directory, to, disk, this);
            // Before it is told of: whoever waited may ask for the next one at once.
            ended();
            future.complete(copy);
        } catch (Throwable failed) {
            ended();
            future.completeExceptionally(failed);
        }
    }

    private synchronized void ended() {
        running = null;
    }

    /** From here to {@link #letGo} closing interrupts what runs on this connection. */
    synchronized void hold(Sql sql) throws IOException {
        if (closed) {
            throw new IOException("the store of " + directory.root() + " closes");
        }
        connection = sql;
    }

    synchronized void letGo() {
        connection = null;
    }

    /** Breaks off what runs, and returns when it has ended. */
    void close() {
        Thread left = interrupt();
        while (left != null) {
            Uninterruptibles.joinUninterruptibly(left, BETWEEN_INTERRUPTS);
            left = left.isAlive() ? interrupt() : null;
        }
    }

    private synchronized @Nullable Thread interrupt() {
        closed = true;
        Sql held = connection;
        if (held != null) {
            held.interrupt();
        }
        return running;
    }
}
