package io.keplerfs.values;

import java.util.Objects;
import java.util.UUID;

/**
 * Names one write of one file: the upload that carried its bytes and the version it became. It is also the file's etag.
 *
 * <p>A write whose outcome is unknown ({@link IndeterminateException}) may be repeated under the same id: it then happens
 * at most once.
 */
public record VersionId(UUID uuid) implements Comparable<VersionId> {
    public VersionId {
        Objects.requireNonNull(uuid, "uuid");
    }

    /** Parses 32 hexadecimal digits; throws IllegalArgumentException naming the text otherwise. */
    public static VersionId parse(String text) {
        if (text.length() != 32) {
            throw new IllegalArgumentException("a version id is 32 hexadecimal digits, not '" + text + "'");
        }
        try {
            return new VersionId(new UUID(
                    Long.parseUnsignedLong(text.substring(0, 16), 16), Long.parseUnsignedLong(text.substring(16), 16)));
        } catch (NumberFormatException notHex) {
            throw new IllegalArgumentException("a version id is 32 hexadecimal digits, not '" + text + "'", notHex);
        }
    }

    @Override
    public int compareTo(VersionId other) {
        return new NodeId(uuid).compareTo(new NodeId(other.uuid));
    }

    /** 32 lower-case hexadecimal digits. */
    @Override
    public String toString() {
        return String.format("%016x%016x", uuid.getMostSignificantBits(), uuid.getLeastSignificantBits());
    }
}
