package io.keplerfs.files;

import io.keplerfs.FileInfo;
import io.keplerfs.PutOptions;
import io.keplerfs.register.Change;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.VersionId;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * One version of one file, as its register keeps it.
 *
 * <pre>
 * u8 format = 1
 * uuid upload           whose references keep the chunks alive
 * long size
 * bool fenced, [ long token ]
 * long fast stamp       0 unless it was a fast write
 * text content type
 * list of (text name, text value), by name
 * u8 content: 0 inline   bytes
 *             1 chunks   uint chunk size, bytes ids (32 each)
 *             2 tree     uint chunk size, uint ids per index chunk, bytes ids of index chunks (32 each)
 * </pre>
 *
 * A tombstone's payload is {@code bool fenced, [ long token ], long fast stamp}: a token outlives its file.
 *
 * @param upload the upload that stored the chunks; another one than the version when a write was repeated
 * @param sizeBytes length of the content
 * @param fencingToken highest token this file was written with
 * @param fastStamp hybrid clock of the node that acknowledged it as a fast write, when it did: its register gives such a version
 *     the time of its delivery, which says nothing about when it was written. 0 for every other write
 * @param contentType as given by the writer
 * @param metadata the writer's pairs
 * @param content the bytes or where they are
 */
record Manifest(
        VersionId upload,
        long sizeBytes,
        OptionalLong fencingToken,
        long fastStamp,
        String contentType,
        Map<String, String> metadata,
        Content content) {
    private static final int FORMAT = 1;
    private static final int INLINE = 0;
    private static final int CHUNKS = 1;
    private static final int TREE = 2;

    /** Where the bytes are. */
    sealed interface Content {}

    record Inline(byte[] bytes) implements Content {}

    /** Data chunks: {@code ids} is their hashes one after the other; all but the last have {@code chunkSize} bytes. */
    record Chunks(int chunkSize, byte[] ids) implements Content {}

    /** Index chunks, each the hashes of {@code idsPerIndex} data chunks (the last one of fewer). */
    record Tree(int chunkSize, int idsPerIndex, byte[] indexIds) implements Content {}

    byte[] toBytes() {
        WireWriter out = new WireWriter().u8(FORMAT).version(upload).int64(sizeBytes);
        writeToken(out, fencingToken);
        out.int64(fastStamp).text(contentType);
        Map<String, String> ordered = new TreeMap<>(metadata);
        out.uint(ordered.size());
        ordered.forEach((name, value) -> out.text(name).text(value));
        if (content instanceof Inline inline) {
            out.u8(INLINE).bytes(inline.bytes());
        } else if (content instanceof Chunks chunks) {
            out.u8(CHUNKS).uint(chunks.chunkSize()).bytes(chunks.ids());
        } else if (content instanceof Tree tree) {
            out.u8(TREE).uint(tree.chunkSize()).uint(tree.idsPerIndex()).bytes(tree.indexIds());
        }
        return out.toBytes();
    }

    /** What a put of this content says. */
    static Manifest of(VersionId upload, long sizeBytes, PutOptions options, Content content) {
        return new Manifest(
                upload, sizeBytes, options.fencingToken(), 0, options.contentType(), options.metadata(), content);
    }

    /** Whether references keep anything of it. */
    boolean hasChunks() {
        return !(content instanceof Inline);
    }

    /** Whether the value is a file of the same upload. */
    boolean isContentOf(RegisterValue value) {
        return Claimed.names(value, upload);
    }

    /** The same content, stored by another upload. */
    Manifest withUpload(VersionId other) {
        return new Manifest(other, sizeBytes, fencingToken, fastStamp, contentType, metadata, content);
    }

    /** The value must not be a tombstone. */
    static Manifest of(RegisterValue value) {
        return of(value.payload());
    }

    private static Manifest of(byte[] payload) {
        WireReader in = new WireReader(payload);
        int format = in.u8();
        if (format != FORMAT) {
            throw new MalformedMessageException("manifest format " + format + ", this version reads " + FORMAT);
        }
        VersionId upload = in.version();
        long size = in.int64();
        OptionalLong token = readToken(in);
        long stamp = in.int64();
        String contentType = in.text();
        int pairs = in.uint();
        Map<String, String> metadata = new HashMap<>();
        for (int i = 0; i < pairs; i++) {
            metadata.put(in.text(), in.text());
        }
        Manifest manifest = new Manifest(upload, size, token, stamp, contentType, metadata, readContent(in));
        in.end();
        return manifest;
    }

    private static Content readContent(WireReader in) {
        int kind = in.u8();
        return switch (kind) {
            case INLINE -> new Inline(in.bytes());
            case CHUNKS -> new Chunks(in.uint(), ids(in.bytes()));
            case TREE -> new Tree(in.uint(), in.uint(), ids(in.bytes()));
            default -> throw new MalformedMessageException("manifest content of kind " + kind);
        };
    }

    private static byte[] ids(byte[] bytes) {
        if (bytes.length % ChunkId.BYTES != 0) {
            throw new MalformedMessageException(bytes.length + " bytes are no list of chunk ids");
        }
        return bytes;
    }

    /** The same with another token. */
    Manifest withToken(OptionalLong token) {
        return new Manifest(upload, sizeBytes, token, fastStamp, contentType, metadata, content);
    }

    static byte[] tombstone(OptionalLong token) {
        return tombstone(token, 0);
    }

    static byte[] tombstone(OptionalLong token, long fastStamp) {
        WireWriter out = new WireWriter();
        writeToken(out, token);
        return out.int64(fastStamp).toBytes();
    }

    /** The same write, marked as a fast one of this time. */
    static Change.Write stamped(Change.Write write, long stamp) {
        if (write.tombstone()) {
            return new Change.Write(tombstone(Tombstone.of(write.payload()).token(), stamp), true);
        }
        Manifest plain = of(write.payload());
        Manifest stamped = new Manifest(
                plain.upload,
                plain.sizeBytes,
                plain.fencingToken,
                stamp,
                plain.contentType,
                plain.metadata,
                plain.content);
        return new Change.Write(stamped.toBytes(), false);
    }

    /** Whether it was acknowledged as a fast write, a delete included. */
    static boolean isFast(RegisterValue value) {
        return fastStampOf(value) != 0;
    }

    private static long fastStampOf(RegisterValue value) {
        return value.absent()
                ? Tombstone.of(value.payload()).fastStamp()
                : of(value).fastStamp();
    }

    /**
     * When the caller wrote this version, on the hybrid clock; 0 if nothing was ever written. It rises from each version of a
     * register to the next: a fast write is delivered only over versions it {@link #follows}, and any other write has the time
     * of its ballot, which is above the delivery, and so the stamp, of what was there.
     */
    static long stampOf(RegisterValue value) {
        long stamp = fastStampOf(value);
        return stamp != 0 ? stamp : value.time();
    }

    /** Whether a version counts as later than another one of the same register; ids decide between nodes in one tick. */
    static boolean follows(RegisterValue later, RegisterValue earlier) {
        int byStamp = Long.compare(stampOf(later), stampOf(earlier));
        return byStamp != 0 ? byStamp > 0 : later.id().compareTo(earlier.id()) > 0;
    }

    /** The token stored with the newest version, tombstones included, or remembered from one before it. */
    static OptionalLong tokenOf(RegisterValue value) {
        OptionalLong own = value.absent()
                ? Tombstone.of(value.payload()).token()
                : of(value).fencingToken();
        return value.fence() > own.orElse(0) ? OptionalLong.of(value.fence()) : own;
    }

    private record Tombstone(OptionalLong token, long fastStamp) {
        static Tombstone of(byte[] payload) {
            if (payload.length == 0) {
                return new Tombstone(OptionalLong.empty(), 0);
            }
            WireReader in = new WireReader(payload);
            Tombstone tombstone = new Tombstone(readToken(in), in.int64());
            in.end();
            return tombstone;
        }
    }

    private static void writeToken(WireWriter out, OptionalLong token) {
        out.bool(token.isPresent());
        token.ifPresent(out::int64);
    }

    private static OptionalLong readToken(WireReader in) {
        return in.bool() ? OptionalLong.of(in.int64()) : OptionalLong.empty();
    }

    FileInfo info(RegisterKey key, RegisterValue value) {
        return new FileInfo(
                key.bucket(),
                key.key(),
                sizeBytes,
                value.id(),
                contentType,
                metadata,
                Instant.ofEpochMilli((fastStamp != 0 ? fastStamp : value.time()) >>> 16),
                Optional.empty());
    }
}
