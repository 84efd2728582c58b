package io.keplerfs.disk;

import io.keplerfs.values.NodeId;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A claimed data directory: locked, known to be ours, its parts in place.
 *
 * <pre>
 * node.json            see {@link NodeFile}
 * lock                 see {@link DirectoryLock}
 * meta.db (-wal -shm)  see {@link Schema}
 * manifests/           see {@link ManifestJournal}
 * chunks/ab/cd/sha     the bytes of one chunk, nothing else; sha is 64 hexadecimal digits and begins with abcd
 * tmp/                 half-written chunks, emptied at start; the unpacked SQLite library
 * trash/sha            collected chunks; modification time = when they were collected
 * quarantine/sha       chunks that failed a check, and sha.reason: why, one line of text; modification time = when
 * chunks.lost          put there by an operator: chunks/ is lost for good, go on without it; removed when that was done
 * </pre>
 */
final class DataDirectory implements Closeable {
    /** What a new file system, or the attempt to open a directory, leaves in it. */
    private static final Set<String> ALLOWED_IN_EMPTY = Set.of("lost+found", DirectoryLock.FILE);

    private static final Logger LOG = LoggerFactory.getLogger(DataDirectory.class);

    /** How an operator says that the chunks are gone for good. */
    private static final String CHUNKS_LOST = "chunks.lost";

    private final Path root;
    private final DirectoryLock lock;
    private final NodeFile identity;
    private final boolean isNew;
    /** Null until the directory is complete. */
    private volatile @Nullable Devices opened;

    /** The file systems of the directory and of chunks/; null where there are no such numbers. */
    private record Devices(@Nullable Object root, @Nullable Object chunks) {}

    private DataDirectory(Path root, DirectoryLock lock, NodeFile identity, boolean isNew) {
        this.root = root;
        this.lock = lock;
        this.identity = identity;
        this.isNew = isNew;
    }

    /** @throws IOException if the directory cannot be used; the message says why and what to do */
    static DataDirectory claim(DiskOptions options, Disk disk) throws IOException {
        Path root = options.directory().toAbsolutePath().normalize();
        try {
            create(root, disk);
            refuseForeign(root);
            DirectoryLock lock = DirectoryLock.take(
                    root, options.label(), options.wallMillis().getAsLong());
            boolean claimed = false;
            try {
                DataDirectory directory = identify(root, lock, options, disk);
                directory.layOut(disk);
                claimed = true;
                return directory;
            } finally {
                if (!claimed) {
                    lock.close();
                }
            }
        } catch (FileSystemException denied) {
            throw new IOException(
                    "data directory " + root + " is not writable for user " + System.getProperty("user.name") + " ("
                            + denied + "): change its owner or rights, or choose another directory",
                    denied);
        }
    }

    /** Creates the directory and its missing parents, each made durable in the one above. */
    private static void create(Path root, Disk disk) throws IOException {
        Deque<Path> missing = new ArrayDeque<>();
        for (Path at = root; at != null && !Files.isDirectory(at); at = at.getParent()) {
            if (Files.exists(at)) {
                throw new IOException("data directory " + root + " cannot be: " + at + " is a file");
            }
            missing.push(at);
        }
        for (Path directory : missing) {
            disk.createDirectory(directory);
            Path parent = directory.getParent();
            if (parent != null) {
                disk.forceDirectory(parent);
            }
        }
    }

    /** Nothing is written into a directory before this has passed. */
    private static void refuseForeign(Path root) throws IOException {
        if (Files.exists(root.resolve(NodeFile.FILE)) || Files.exists(root.resolve(NodeFile.UNBORN))) {
            return;
        }
        try (Stream<Path> entries = Files.list(root)) {
            List<String> strange = entries.map(entry -> String.valueOf(entry.getFileName()))
                    .filter(name -> !ALLOWED_IN_EMPTY.contains(name))
                    .sorted()
                    .limit(3)
                    .toList();
            if (!strange.isEmpty()) {
                throw new IOException("data directory " + root + " is not ours: it has no " + NodeFile.FILE
                        + " but holds " + String.join(", ", strange) + "; choose an empty directory, or restore "
                        + NodeFile.FILE + " if it was lost");
            }
        }
    }

    private static DataDirectory identify(Path root, DirectoryLock lock, DiskOptions options, Disk disk)
            throws IOException {
        if (!Files.exists(root.resolve(NodeFile.FILE))) {
            UUID id = options.newNodeId().get();
            NodeFile unborn = new NodeFile(
                    new NodeId(id), options.label(), options.wallMillis().getAsLong());
            unborn.prepare(root, disk);
            return new DataDirectory(root, lock, unborn, true);
        }
        NodeFile known = NodeFile.read(root);
        if (!known.label().equals(options.label())) {
            throw new IOException("data directory " + root + " belongs to node '" + known.label() + "', this is node '"
                    + options.label() + "': give each node its own directory, or start it under its old label");
        }
        DataDirectory directory = new DataDirectory(root, lock, known, false);
        if (!Files.exists(directory.database())) {
            // Without its promises the node would break its word to the others.
            throw new IOException(directory.database() + " is missing: this node has lost its memory and cannot go on"
                    + " as " + known.nodeId()
                    + "; put that very file back, or make the directory a new member that keeps its"
                    + " chunks with 'kepler rebuild --from-peers " + root + "' (never start it with an older copy)");
        }
        return directory;
    }

    private void layOut(Disk disk) throws IOException {
        for (Path part : List.of(chunks(), temporary(), trash(), quarantine(), manifests())) {
            if (Files.exists(part) && !Files.isDirectory(part)) {
                throw new IOException(part + " is a file where a directory is needed: move it away");
            }
            // Of a directory in use, these two are made only when it is known that nothing is missing: see openChunks
            // and Metadata.
            if (isNew || !(part.equals(chunks()) || part.equals(manifests()))) {
                disk.createDirectory(part);
            }
        }
        disk.forceDirectory(root);
        try (Stream<Path> leftovers = Files.list(temporary())) {
            for (Path leftover : leftovers.filter(Files::isRegularFile).toList()) {
                Files.delete(leftover);
            }
        }
    }

    /** To be called when everything else a new directory needs is durable; for one that is not new, harmless. */
    void publish(Disk disk) throws IOException {
        if (isNew) {
            NodeFile.publish(root, disk);
        }
    }

    /**
     * Makes chunks/ ready, and refuses if it is empty although chunks should be in it: a disk that is not mounted must not look
     * like one whose every copy is lost. From here on {@link #missing} watches.
     *
     * @param expected how many chunks the tables say are there
     * @return whether the operator has said that all of them are lost for good; then {@link #forgetLoss} follows
     */
    boolean openChunks(long expected, Disk disk) throws IOException {
        boolean said = Files.exists(root.resolve(CHUNKS_LOST));
        boolean empty = hasNoChunkFiles();
        if (said && !empty) {
            // Left there, it would be taken for the answer when a disk is not mounted one day.
            LOG.warn("{} has files in it, so {} is ignored and removed", chunks(), CHUNKS_LOST);
            forgetLoss(disk);
        }
        if (expected > 0 && empty && !said) {
            throw new IOException("meta.db in " + root + " knows " + expected + " chunks, but " + chunks()
                    + " is missing or empty: mount the disk it is on, or restore it. If its chunks are lost for good, create"
                    + " the file " + root.resolve(CHUNKS_LOST)
                    + " and start again: then this node fetches them from the"
                    + " other owners");
        }
        if (!Files.isDirectory(chunks())) {
            disk.createDirectory(chunks());
            disk.forceDirectory(root);
        }
        opened = devices();
        return said && empty;
    }

    /** The loss has been recorded. */
    void forgetLoss(Disk disk) throws IOException {
        Files.deleteIfExists(root.resolve(CHUNKS_LOST));
        disk.forceDirectory(root);
    }

    /** Whether chunks/ is missing or has nothing in it. */
    boolean hasNoChunkFiles() throws IOException {
        if (!Files.isDirectory(chunks())) {
            return true;
        }
        try (Stream<Path> entries = Files.list(chunks())) {
            return entries.filter(entry -> isChunkPart(String.valueOf(entry.getFileName())))
                    .findAny()
                    .isEmpty();
        }
    }

    private static boolean isChunkPart(String name) {
        return name.matches("[0-9a-f]{2}");
    }

    /** What is wrong if the file system under a running store was unmounted or wiped; cheap, and called before every write. */
    Optional<String> missing() {
        Devices before = opened;
        if (before == null
                || (Files.exists(root.resolve(NodeFile.FILE))
                        && Files.isDirectory(chunks())
                        && before.equals(devices()))) {
            return Optional.empty();
        }
        return Optional.of("data directory " + root + " has vanished while in use (unmounted or deleted?)");
    }

    private Devices devices() {
        return new Devices(device(root), device(chunks()));
    }

    /** The number of the file system that a directory is on; another one means that something was mounted or unmounted. */
    private static @Nullable Object device(Path directory) {
        try {
            return Files.getAttribute(directory, "unix:dev");
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException unknown) {
            return null;
        }
    }

    NodeId nodeId() {
        return identity.nodeId();
    }

    Path root() {
        return root;
    }

    Path database() {
        return root.resolve("meta.db");
    }

    Path chunks() {
        return root.resolve("chunks");
    }

    Path temporary() {
        return root.resolve("tmp");
    }

    Path trash() {
        return root.resolve("trash");
    }

    Path manifests() {
        return root.resolve("manifests");
    }

    Path quarantine() {
        return root.resolve("quarantine");
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
