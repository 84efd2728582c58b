package io.keplerfs.disk;

import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.ThreadFactory;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Where a store lives and what it is given by its node.
 *
 * @param directory data directory; created if it is absent, adopted only if it is empty
 * @param label name of the node; a directory remembers it and refuses another
 * @param fsync false for throw-away stores and comparisons only: a power cut then loses what was acknowledged
 * @param threads makes every thread of the store; the store names them
 * @param workers threads for chunk files, 1 to {@value #MAX_WORKERS}: that many chunk writes overlap
 * @param newNodeId asked once, when the directory is new
 * @param wallMillis milliseconds since 1970, for the columns an operator reads and the age of trash
 */
public record DiskOptions(
        Path directory,
        String label,
        boolean fsync,
        ThreadFactory threads,
        int workers,
        Supplier<UUID> newNodeId,
        LongSupplier wallMillis) {
    /** More only wait for each other at the disk: 8 writers reach the ceiling of an SSD. */
    public static final int MAX_WORKERS = 64;

    public DiskOptions {
        if (workers < 1 || workers > MAX_WORKERS) {
            throw new IllegalArgumentException("workers is " + workers + ", allowed are 1 to " + MAX_WORKERS);
        }
        if (label.isBlank()) {
            throw new IllegalArgumentException("a data directory needs the label of its node");
        }
    }

    /** A thread named after the node and what it does. */
    Thread thread(String role, Runnable work) {
        Thread thread = threads.newThread(work);
        thread.setName("kepler-" + label + "-" + role);
        return thread;
    }
}
