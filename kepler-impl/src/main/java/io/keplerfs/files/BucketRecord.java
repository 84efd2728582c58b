package io.keplerfs.files;

import io.keplerfs.spi.RegisterKey;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * A bucket as its register in the reserved bucket {@code $buckets} keeps it.
 *
 * <pre>
 * u8 format = 1 | long created, ms since 1970 | uint shards
 * </pre>
 *
 * @param createdMillis by the creating node's clock
 * @param shards into how many parts its key space is cut, fixed for its life
 */
record BucketRecord(long createdMillis, int shards) {
    /** Reserved bucket that holds the buckets; it has one shard. */
    static final String BUCKETS = "$buckets";
    /** Spreads the manifests of a bucket over up to 16 sets of owners; a listing asks each. */
    static final int DEFAULT_SHARDS = 16;

    private static final int FORMAT = 1;

    byte[] toBytes() {
        return new WireWriter().u8(FORMAT).int64(createdMillis).uint(shards).toBytes();
    }

    static BucketRecord fromBytes(byte[] bytes) {
        WireReader in = new WireReader(bytes);
        int format = in.u8();
        if (format != FORMAT) {
            throw new MalformedMessageException("bucket record format " + format + ", this version reads " + FORMAT);
        }
        return new BucketRecord(in.int64(), in.uint());
    }

    static RegisterKey registerOf(String bucket) {
        return new RegisterKey(BUCKETS, 0, bucket);
    }

    /** The register of a file: its shard is the CRC-32C of the key's UTF-8 modulo the number of shards. */
    RegisterKey registerOf(String bucket, String key) {
        CRC32C crc = new CRC32C();
        crc.update(key.getBytes(StandardCharsets.UTF_8));
        return new RegisterKey(bucket, (int) (crc.getValue() % shards), key);
    }
}
