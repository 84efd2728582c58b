package io.keplerfs;

import io.keplerfs.values.VersionId;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One version of one file.
 *
 * @param bucket the bucket it is in
 * @param key its name, 1 to 1024 bytes of UTF-8
 * @param sizeBytes length of the content
 * @param version the write that made it; {@link #etag()} is its text
 * @param contentType media type as given by the writer, {@code application/octet-stream} if none was
 * @param metadata the writer's own pairs, names in lower case
 * @param modifiedAt time of the write by the cluster's hybrid clock, millisecond precision
 * @param receipt what was durable when the write was acknowledged; only in the answer to a put
 */
public record FileInfo(
        String bucket,
        String key,
        long sizeBytes,
        VersionId version,
        String contentType,
        Map<String, String> metadata,
        Instant modifiedAt,
        Optional<Receipt> receipt) {
    public static final String DEFAULT_CONTENT_TYPE = "application/octet-stream";

    public FileInfo {
        metadata = Map.copyOf(metadata);
    }

    /** Changes with every write, also if the bytes are the same: comparing it never confuses two writes. */
    public String etag() {
        return version.toString();
    }

    /** The same file with the receipt of the write that made it. */
    public FileInfo withReceipt(@Nullable Receipt writeReceipt) {
        return new FileInfo(
                bucket, key, sizeBytes, version, contentType, metadata, modifiedAt, Optional.ofNullable(writeReceipt));
    }
}
