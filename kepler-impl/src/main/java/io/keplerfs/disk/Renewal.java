package io.keplerfs.disk;

import io.keplerfs.spi.Store;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadFactory;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a data directory whose {@code meta.db} is lost, damaged or too old a new member's that keeps its chunks: under its old id it
 * would break promises that it does not remember.
 *
 * <p>Everything that made up the old member moves to {@code lost-<old id>/}, {@code meta.db} first and {@code node.json} last: cut short,
 * it is a directory that no node starts from, and the next try goes on. So does its quarantine, of which the new one would know nothing
 * and which it would empty in time. Then a new {@code meta.db} gets a row for every chunk file
 * whose hash is right; the others go to the quarantine. Cut short there, the running node does the rest.
 */
public final class Renewal {
    private static final Logger LOG = LoggerFactory.getLogger(Renewal.class);
    private static final List<String> MEMORY =
            List.of("meta.db", "meta.db-wal", "meta.db-shm", "manifests", "quarantine");

    /**
     * @param from the id that must not be used any more
     * @param to the id of the new member
     * @param label of both
     * @param aside what the old one left
     * @param adopted chunks that are kept
     */
    public record Renewed(NodeId from, NodeId to, String label, Path aside, Store.Usage adopted) {}

    private final ThreadFactory threads;
    private final Supplier<UUID> newNodeId;
    private final LongSupplier wallMillis;
    private final Disk disk;

    public Renewal(ThreadFactory threads, Supplier<UUID> newNodeId, LongSupplier wallMillis) {
        this(threads, newNodeId, wallMillis, new FileDisk(true));
    }

    Renewal(ThreadFactory threads, Supplier<UUID> newNodeId, LongSupplier wallMillis, Disk disk) {
        this.threads = threads;
        this.newNodeId = newNodeId;
        this.wallMillis = wallMillis;
        this.disk = disk;
    }

    /**
     * @param progress how many of {@link Store#SLICES} parts of the chunks have been read
     * @throws IOException if a node runs in the directory, it is none, or it cannot be written
     */
    public Renewed renew(Path directory, IntConsumer progress) throws IOException {
        Path root = directory.toAbsolutePath().normalize();
        if (!Files.exists(root.resolve(NodeFile.FILE)) && Files.exists(root.resolve(NodeFile.UNBORN))) {
            throw new IOException(
                    root + " is a new member's already: start the node, it adopts the chunks that are there");
        }
        Old old = moveAside(root);
        DiskOptions options = new DiskOptions(root, old.file().label(), true, threads, 1, newNodeId, wallMillis);
        try (DiskStore store = DiskStore.open(options, disk)) {
            for (int slice = 0; slice < Store.SLICES; slice++) {
                store.reconcileNow(slice);
                progress.accept(slice + 1);
            }
            return new Renewed(old.file().nodeId(), store.nodeId(), old.file().label(), old.aside(), store.usage());
        }
    }

    /**
     * Refuses a directory that has all its memory: nothing is to be gained by forgetting it.
     *
     * @throws IOException if {@code meta.db} is there, whole, and as new as the journal beside it
     */
    public static void refuseWhole(Path directory) throws IOException {
        Path file = directory.resolve("meta.db");
        if (!Files.exists(file)) {
            return;
        }
        List<JournalFile> journal = JournalFile.in(directory.resolve("manifests"));
        long known = JournalEnd.of(JournalFile.counting(journal), JournalFile.newestCheckpoint(journal))
                .sequence();
        boolean whole;
        try (OldDatabase database = OldDatabase.open(file)) {
            whole = database.isWhole()
                    && database.sequence() >= known
                    && database.isMemory(Files.isDirectory(directory.resolve("manifests")));
        } catch (IOException | MetadataException damaged) {
            LOG.info("{} is damaged: {}", file, damaged.getMessage());
            whole = false;
        }
        if (whole) {
            throw new IOException(file + " is whole: start the node as it is. To give its memory up all the same, move"
                    + " that file away first");
        }
    }

    private record Old(NodeFile file, Path aside) {}

    private Old moveAside(Path root) throws IOException {
        DirectoryLock lock = DirectoryLock.take(root, "rebuild", wallMillis.getAsLong());
        try {
            NodeFile file = NodeFile.read(root);
            return new Old(file, moveAside(root, file));
        } finally {
            lock.close();
        }
    }

    private Path moveAside(Path root, NodeFile old) throws IOException {
        Path aside = root.resolve("lost-" + old.nodeId());
        disk.createDirectory(aside);
        disk.forceDirectory(root);
        for (String part : MEMORY) {
            if (Files.exists(root.resolve(part))) {
                disk.rename(root.resolve(part), aside.resolve(part));
                disk.forceDirectory(root);
            }
        }
        disk.forceDirectory(aside);
        // From here on it is a half-born directory, which the next start begins anew under another id.
        new NodeFile(new NodeId(newNodeId.get()), old.label(), wallMillis.getAsLong()).prepare(root, disk);
        disk.rename(root.resolve(NodeFile.FILE), aside.resolve(NodeFile.FILE));
        disk.forceDirectory(aside);
        disk.forceDirectory(root);
        return aside;
    }
}
