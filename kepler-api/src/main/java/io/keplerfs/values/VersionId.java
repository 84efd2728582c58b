package io.keplerfs.values;

import java.util.Objects;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * Names one write of one file: the upload that carried its bytes and the version it became. It is also the file's etag.
 *
 * <p>A write whose outcome is unknown ({@link IndeterminateException}) may be repeated under the same id: it then happens
 * at most once.
 *
 * <p>An id may bear a time before which no node does the write, whatever its own clock shows. It tells owners which of the writes
 * that they have forgotten cannot be this one, so that a repetition need not be in doubt because of what was long before it. Such
 * an id is a UUID of version 8 (RFC 9562): milliseconds since 1970 in the first 48 bits, {@code 0x84b9} in the next 16, and
 * 62 bits of chance. Any other UUID will do as well.
 */
public record VersionId(UUID uuid) implements Comparable<VersionId> {
    private static final long TIMED = 0x84b9;
    private static final long TIMED_MASK = 0xFFFF;
    private static final int MILLIS_SHIFT = 16;
    private static final long VARIANT = 0x8000_0000_0000_0000L;
    private static final long CHANCE_MASK = 0x3FFF_FFFF_FFFF_FFFFL;

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

    /**
     * An id for a write that no node may do before this time.
     *
     * @param millis since 1970
     * @param chance 62 bits of it are used; nobody else's may be equal at that time
     */
    public static VersionId notBefore(long millis, long chance) {
        if (millis < 0 || millis >>> (Long.SIZE - MILLIS_SHIFT) != 0) {
            throw new IllegalArgumentException(millis + " milliseconds since 1970 are no time for a version id");
        }
        return new VersionId(new UUID((millis << MILLIS_SHIFT) | TIMED, VARIANT | (chance & CHANCE_MASK)));
    }

    /** Milliseconds since 1970 before which no node does the write; empty if the id does not tell. */
    public OptionalLong notBeforeMillis() {
        long high = uuid.getMostSignificantBits();
        return (high & TIMED_MASK) == TIMED && uuid.variant() == 2
                ? OptionalLong.of(high >>> MILLIS_SHIFT)
                : OptionalLong.empty();
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
