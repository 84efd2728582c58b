package io.keplerfs.files;

import io.keplerfs.CorruptFileException;
import io.keplerfs.FileInfo;
import io.keplerfs.PutOptions;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.ChunkId;
import io.keplerfs.wire.MalformedMessageException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/** A version read from what a node has left, without the node: what it was, and its bytes as long as its chunks are found. */
public final class SalvagedVersion {
    private final RegisterKey key;
    private final RegisterValue value;
    private final Optional<Manifest> manifest;

    private SalvagedVersion(RegisterKey key, RegisterValue value, Optional<Manifest> manifest) {
        this.key = key;
        this.value = value;
        this.manifest = manifest;
    }

    /** Throws {@link MalformedMessageException} for what this release cannot read. */
    public static SalvagedVersion of(RegisterKey key, byte[] encoded) {
        RegisterValue value = RegisterValue.decode(encoded);
        return new SalvagedVersion(key, value, value.absent() ? Optional.empty() : Optional.of(Manifest.of(value)));
    }

    /** Whether the register is one of a bucket's own record. */
    public static boolean isBucket(RegisterKey key) {
        return key.bucket().equals(BucketRecord.BUCKETS);
    }

    /** The register of a bucket's own record. */
    public static RegisterKey bucket(String name) {
        return BucketRecord.registerOf(name);
    }

    public static boolean isConflict(RegisterKey key) {
        return key.bucket().equals(ConflictRecord.CONFLICTS);
    }

    /** Whether it is a file, deleted or not. */
    public static boolean isFile(RegisterKey key) {
        return !key.bucket().startsWith("$");
    }

    /** Whether this value stands for something that is not deleted; of any register. */
    public static boolean isLive(byte[] encoded) {
        return !RegisterValue.decode(encoded).absent();
    }

    /** A tombstone. */
    public boolean isDeleted() {
        return manifest.isEmpty();
    }

    /** Whether this fast write counts as later than what the register holds. */
    public boolean follows(SalvagedVersion other) {
        return !value.id().equals(other.value.id())
                && !other.value.descendsFrom(value.id())
                && Manifest.follows(value, other.value);
    }

    /** Whether this is the very write, or was built on it. */
    public boolean contains(SalvagedVersion other) {
        return value.id().equals(other.value.id()) || value.descendsFrom(other.value.id());
    }

    public FileInfo info() {
        return live().info(key, value);
    }

    /** How to write it again: with its type, metadata, version and fencing token. */
    public PutOptions options() {
        PutOptions.Builder options = PutOptions.ifAbsent().toBuilder()
                .contentType(live().contentType())
                .version(value.id());
        live().metadata().forEach(options::metadata);
        OptionalLong token = Manifest.tokenOf(value);
        token.ifPresent(options::fencingToken);
        return options.build();
    }

    private Manifest live() {
        return manifest.orElseThrow(() -> new IllegalStateException(key + " is deleted"));
    }

    /** The bytes, one chunk in memory at a time. Reading throws {@link CorruptFileException} for a chunk without a good copy. */
    public InputStream open(Function<ChunkId, Optional<ByteBuffer>> chunks) {
        return new Content(chunks);
    }

    /** Reads the file chunk by chunk. */
    private final class Content extends InputStream {
        private final Function<ChunkId, Optional<ByteBuffer>> chunks;
        private ByteBuffer index = ByteBuffer.allocate(0);
        private ByteBuffer data = ByteBuffer.allocate(0);
        private final ByteBuffer indexIds;
        private long left;

        Content(Function<ChunkId, Optional<ByteBuffer>> chunks) {
            this.chunks = chunks;
            this.left = live().sizeBytes();
            Manifest.Content content = live().content();
            ByteBuffer tree = ByteBuffer.allocate(0);
            if (content instanceof Manifest.Inline inline) {
                data = ByteBuffer.wrap(inline.bytes());
            } else if (content instanceof Manifest.Chunks direct) {
                index = ByteBuffer.wrap(direct.ids());
            } else if (content instanceof Manifest.Tree indexed) {
                tree = ByteBuffer.wrap(indexed.indexIds());
            }
            indexIds = tree;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            while (!data.hasRemaining()) {
                if (!index.hasRemaining() && !indexIds.hasRemaining()) {
                    return end();
                } else if (index.hasRemaining()) {
                    data = next(index);
                } else {
                    index = next(indexIds);
                }
            }
            int count = Math.min(length, data.remaining());
            data.get(into, offset, count);
            left -= count;
            return count;
        }

        /** A length that does not fit the chunks is damage that no hash has seen. */
        private int end() throws CorruptFileException {
            if (left != 0) {
                throw new CorruptFileException(key.bucket() + "/" + key.key() + ": its chunks have "
                        + (live().sizeBytes() - left) + " bytes together, its manifest says "
                        + live().sizeBytes());
            }
            return -1;
        }

        private ByteBuffer next(ByteBuffer ids) throws CorruptFileException {
            byte[] hash = new byte[ChunkId.BYTES];
            ids.get(hash);
            ChunkId id = ChunkId.ofHash(hash);
            return chunks.apply(id)
                    .orElseThrow(() -> new CorruptFileException(
                            key.bucket() + "/" + key.key() + ": no source has a good copy of chunk " + id));
        }
    }
}
