package io.keplerfs.files;

import io.keplerfs.FileInfo;
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
 * text content type
 * list of (text name, text value), by name
 * u8 content: 0 inline   bytes
 *             1 chunks   uint chunk size, bytes ids (32 each)
 *             2 tree     uint chunk size, uint ids per index chunk, bytes ids of index chunks (32 each)
 * </pre>
 *
 * A tombstone's payload is {@code bool fenced, [ long token ]}: a token outlives its file.
 *
 * @param upload the upload that stored the chunks; another one than the version when a write was repeated
 * @param sizeBytes length of the content
 * @param fencingToken highest token this file was written with
 * @param contentType as given by the writer
 * @param metadata the writer's pairs
 * @param content the bytes or where they are
 */
record Manifest(
        VersionId upload,
        long sizeBytes,
        OptionalLong fencingToken,
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
        out.text(contentType);
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

    /** The value must not be a tombstone. */
    static Manifest of(RegisterValue value) {
        WireReader in = new WireReader(value.payload());
        int format = in.u8();
        if (format != FORMAT) {
            throw new MalformedMessageException("manifest format " + format + ", this version reads " + FORMAT);
        }
        VersionId upload = in.version();
        long size = in.int64();
        OptionalLong token = readToken(in);
        String contentType = in.text();
        int pairs = in.uint();
        Map<String, String> metadata = new HashMap<>();
        for (int i = 0; i < pairs; i++) {
            metadata.put(in.text(), in.text());
        }
        Manifest manifest = new Manifest(upload, size, token, contentType, metadata, readContent(in));
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

    static byte[] tombstone(OptionalLong token) {
        WireWriter out = new WireWriter();
        writeToken(out, token);
        return out.toBytes();
    }

    /** The token stored with the newest version, tombstones included. */
    static OptionalLong tokenOf(RegisterValue value) {
        if (!value.absent()) {
            return of(value).fencingToken();
        }
        return value.payload().length == 0 ? OptionalLong.empty() : readToken(new WireReader(value.payload()));
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
                Instant.ofEpochMilli(value.time() >>> 16),
                Optional.empty());
    }
}
