package io.keplerfs.disk;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import io.keplerfs.spi.Transport;
import io.keplerfs.values.ChunkId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The files of chunks: where they lie, and the order of steps that puts one there for good. Knows no rows. */
final class ChunkFiles {
    private static final Logger LOG = LoggerFactory.getLogger(ChunkFiles.class);

    /** A damaged file's reason has its name and this. */
    private static final String REASON = ".reason";

    private final DataDirectory directory;
    private final Disk disk;

    /**
     * Directories whose names are known to be durable. Their being there proves nothing: a process that died may have created
     * them without the fsync.
     */
    private final Set<String> durableDirectories = ConcurrentHashMap.newKeySet();

    ChunkFiles(DataDirectory directory, Disk disk) {
        this.directory = directory;
        this.disk = disk;
    }

    /** Returns when bytes and name are durable; on failure nothing of this name is left in tmp. One call per chunk at a time. */
    void store(ChunkId id, ByteBuffer bytes) throws IOException {
        Path temporary = directory.temporary().resolve(id.toString());
        boolean moved = false;
        try {
            try (Disk.Output out = disk.create(temporary)) {
                out.write(bytes);
                out.force();
            }
            Path middle = middle(id);
            Path leaf = leaf(id);
            makeDurable(middle, directory.chunks());
            makeDurable(leaf, middle);
            disk.rename(temporary, home(id));
            moved = true;
            disk.forceDirectory(leaf);
        } finally {
            if (!moved) {
                Files.deleteIfExists(temporary);
            }
        }
    }

    private void makeDurable(Path child, Path parent) throws IOException {
        if (!durableDirectories.contains(child.toString())) {
            disk.createDirectory(child);
            disk.forceDirectory(parent);
            durableDirectories.add(child.toString());
        }
    }

    private Path middle(ChunkId id) {
        return directory.chunks().resolve(id.toString().substring(0, 2));
    }

    private Path leaf(ChunkId id) {
        return middle(id).resolve(id.toString().substring(2, 4));
    }

    private Path home(ChunkId id) {
        return home(directory.chunks(), id);
    }

    /** Where a chunk lies below a directory of chunks. */
    static Path home(Path chunks, ChunkId id) {
        String name = id.toString();
        return chunks.resolve(name.substring(0, 2))
                .resolve(name.substring(2, 4))
                .resolve(name);
    }

    /** Whether a file of that length is there; says nothing of its bytes. */
    boolean seemsComplete(ChunkId id, int sizeBytes) throws IOException {
        try {
            return Files.size(home(id)) == sizeBytes;
        } catch (NoSuchFileException missing) {
            return false;
        }
    }

    /**
     * Fills the buffer with the bytes from the offset on, every piece they touch checked; with {@code verifyHash} every piece of
     * the chunk, and its hash.
     *
     * @throws DamagedCopyException if the copy is lost
     * @throws UnreadableCopyException if the disk gives an error, which says nothing of the bytes
     */
    void read(StoredChunk chunk, int offset, ByteBuffer into, boolean verifyHash) throws IOException {
        int size = chunk.row().sizeBytes();
        ChunkId id = chunk.row().id();
        try (FileChannel channel = disk.open(home(id))) {
            if (channel.size() != size) {
                throw new DamagedCopyException("file has " + channel.size() + " bytes instead of " + size);
            }
            Hasher hasher = Hashing.sha256().newHasher();
            PieceReader pieces = new PieceReader(channel, chunk, offset, into);
            int end = offset + into.remaining();
            int first = verifyHash ? 0 : offset / PieceSums.PIECE_BYTES;
            int last = verifyHash || into.hasRemaining() ? PieceSums.pieces(verifyHash ? size : end) : first;
            for (int piece = first; piece < last; piece++) {
                ByteBuffer bytes = pieces.read(piece);
                if (verifyHash) {
                    hasher.putBytes(bytes);
                }
            }
            if (verifyHash && !ChunkId.ofHash(hasher.hash().asBytes()).equals(id)) {
                throw new DamagedCopyException("SHA-256 does not match although every CRC-32C does");
            }
        } catch (NoSuchFileException missing) {
            throw DamagedCopyException.missing();
        } catch (DamagedCopyException lost) {
            throw lost;
        } catch (IOException error) {
            throw new UnreadableCopyException(id, error);
        }
    }

    /** Reads pieces, straight into the caller's buffer where one lies wholly within. */
    private static final class PieceReader {
        private final FileChannel channel;
        private final StoredChunk chunk;
        private final int offset;
        private final ByteBuffer into;
        private final ByteBuffer edge = ByteBuffer.allocate(PieceSums.PIECE_BYTES);

        PieceReader(FileChannel channel, StoredChunk chunk, int offset, ByteBuffer into) {
            this.channel = channel;
            this.chunk = chunk;
            this.offset = offset;
            this.into = into;
        }

        ByteBuffer read(int piece) throws IOException {
            int start = piece * PieceSums.PIECE_BYTES;
            int end = Math.min(start + PieceSums.PIECE_BYTES, chunk.row().sizeBytes());
            int wantedStart = Math.max(start, offset);
            int wantedEnd = Math.min(end, offset + into.remaining());
            boolean whole = wantedStart == start && wantedEnd == end;
            ByteBuffer bytes = whole
                    ? into.slice(into.position() + start - offset, end - start)
                    : edge.duplicate().limit(end - start);
            fill(bytes, start);
            if (!chunk.sums().match(piece, bytes)) {
                throw new DamagedCopyException("CRC-32C of bytes " + start + " to " + end + " does not match");
            }
            if (!whole && wantedStart < wantedEnd) {
                into.duplicate()
                        .position(into.position() + wantedStart - offset)
                        .put(bytes.slice(wantedStart - start, wantedEnd - wantedStart));
            }
            return bytes;
        }

        private void fill(ByteBuffer bytes, int from) throws IOException {
            while (bytes.hasRemaining()) {
                if (channel.read(bytes, from + (long) bytes.position()) < 0) {
                    throw new DamagedCopyException("file became shorter while it was read");
                }
            }
            bytes.flip();
        }
    }

    /** Takes back a file whose row could not be written; what stays behind is never seen. */
    void discard(ChunkId id) {
        try {
            Files.deleteIfExists(home(id));
        } catch (IOException kept) {
            LOG.warn("chunk {} was not stored but its file remains: {}", id, kept.toString());
        }
    }

    /** Moves the file to the trash, if it is there. */
    void trash(ChunkId id, long nowMillis) throws IOException {
        Path file = home(id);
        try {
            Files.setLastModifiedTime(file, FileTime.fromMillis(nowMillis));
            disk.rename(file, directory.trash().resolve(id.toString()));
        } catch (NoSuchFileException gone) {
            LOG.debug("chunk {} had no file to collect", id);
        }
    }

    /** Moves the file back from the trash; true when a file of that length is durably in place. */
    boolean untrash(ChunkId id, int sizeBytes) throws IOException {
        makeDurable(middle(id), directory.chunks());
        makeDurable(leaf(id), middle(id));
        try {
            disk.rename(directory.trash().resolve(id.toString()), home(id));
        } catch (NoSuchFileException gone) {
            LOG.debug("chunk {} is not in the trash", id);
        }
        if (!seemsComplete(id, sizeBytes)) {
            return false;
        }
        disk.forceDirectory(leaf(id));
        return true;
    }

    /** The chunks whose hash begins with this byte and that have a file in place. */
    Set<ChunkId> slice(int firstByte) throws IOException {
        Path top = directory.chunks().resolve(HexFormat.of().toHexDigits((byte) firstByte));
        if (!Files.isDirectory(top)) {
            return Set.of();
        }
        try (Stream<Path> files = Files.walk(top, 2)) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> name.length() == 2 * ChunkId.BYTES)
                    .map(ChunkId::parse)
                    .collect(Collectors.toSet());
        }
    }

    /** The bytes of a file whose row is missing; empty if it is too large for a chunk. */
    Optional<ByteBuffer> whole(ChunkId id) throws UnreadableCopyException {
        try (FileChannel channel = disk.open(home(id))) {
            if (channel.size() > Transport.MAX_BODY_BYTES) {
                return Optional.empty();
            }
            return Optional.of(ByteBuffer.wrap(Channels.newInputStream(channel).readNBytes((int) channel.size())));
        } catch (IOException error) {
            throw new UnreadableCopyException(id, error);
        }
    }

    boolean isInTrash(ChunkId id) {
        return Files.exists(directory.trash().resolve(id.toString()));
    }

    boolean isInPlace(ChunkId id) {
        return Files.exists(home(id));
    }

    /** Moves the file, if it is there, to the quarantine and writes the reason beside it. */
    void quarantine(ChunkId id, String reason, long nowMillis) throws IOException {
        Path aside = directory.quarantine().resolve(id.toString());
        Path why = Path.of(aside + REASON);
        try {
            Files.writeString(why, reason + "\n", StandardCharsets.UTF_8);
            Files.setLastModifiedTime(why, FileTime.fromMillis(nowMillis));
        } catch (IOException unwritten) {
            LOG.warn("the reason ({}) could not be written to {}: {}", reason, why, unwritten.toString());
        }
        try {
            disk.rename(home(id), aside);
        } catch (NoSuchFileException gone) {
            LOG.debug("chunk {} had no file to quarantine", id);
        }
    }

    /** What was quarantined at this time or before. */
    List<ChunkId> quarantinedUntil(long millis) throws IOException {
        List<ChunkId> old = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory.quarantine(), "*" + REASON)) {
            for (Path entry : entries) {
                String name = String.valueOf(entry.getFileName());
                boolean ours = name.length() == 2 * ChunkId.BYTES + REASON.length();
                if (ours && Files.getLastModifiedTime(entry).toMillis() <= millis) {
                    old.add(ChunkId.parse(name.substring(0, 2 * ChunkId.BYTES)));
                }
            }
        }
        return old;
    }

    /** Deletes the damaged file and its reason. */
    void forgetQuarantined(ChunkId id) throws IOException {
        Path aside = directory.quarantine().resolve(id.toString());
        Files.deleteIfExists(aside);
        Files.deleteIfExists(Path.of(aside + REASON));
    }
}
