package io.keplerfs.register;

import io.keplerfs.values.VersionId;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * What a register holds: one write, and the writes it was built on. The array never changes once handed over.
 *
 * <pre>
 * format      u8, 1
 * flags       u8, bit 0 = absent, bit 1 = fenced
 * id          uuid
 * time        long
 * forgotten   long
 * fence       long, only if fenced
 * ancestors   list of (uuid id, long time), most recent first
 * payload     the rest
 * </pre>
 *
 * <p>No bytes at all stand for {@link #NONE}.
 *
 * @param id the write that made it
 * @param time hybrid clock of the ballot it was first proposed with: its place in the order of versions, see
 *     {@link io.keplerfs.spi.Ballot#time}
 * @param ancestors the writes it was built on, most recent first, at most {@link #MAX_ANCESTORS}
 * @param forgottenUpTo ancestors that no longer fit were written at this time or before; 0 if none was left out
 * @param absent whether it means "there is nothing": never written, or a tombstone. A tombstone may have a payload too
 * @param fence highest fencing token this or an earlier value is known to have been written with, 0 if none was
 * @param payload opaque, at most {@link #MAX_PAYLOAD_BYTES}
 */
public record RegisterValue(
        VersionId id, long time, List<Mark> ancestors, long forgottenUpTo, boolean absent, long fence, byte[] payload) {
    /** A register nobody has written. */
    public static final RegisterValue NONE =
            new RegisterValue(new VersionId(new UUID(0, 0)), 0, List.of(), 0, true, new byte[0]);
    /** Enough for the writers that can overtake one retry; beyond that the outcome is honestly unknown. */
    public static final int MAX_ANCESTORS = 16;
    /** Several answers of this size fit into the largest head. */
    public static final int MAX_PAYLOAD_BYTES = 1 << 20;

    private static final int FORMAT = 1;
    private static final int ABSENT = 1;
    private static final int FENCED = 2;

    /** One write and its place in the order of versions. */
    public record Mark(VersionId id, long time) {
        static final int BYTES = 24;

        static Mark read(WireReader in) {
            return new Mark(in.version(), in.int64());
        }

        void write(WireWriter out) {
            out.version(id).int64(time);
        }
    }

    public RegisterValue {
        ancestors = List.copyOf(ancestors);
        if (ancestors.size() > MAX_ANCESTORS) {
            throw new IllegalArgumentException(ancestors.size() + " ancestors, at most " + MAX_ANCESTORS);
        }
        if (payload.length > MAX_PAYLOAD_BYTES) {
            throw new IllegalArgumentException(
                    "the payload of a register is at most " + MAX_PAYLOAD_BYTES + " bytes, not " + payload.length);
        }
    }

    /** A value without a fence. */
    public RegisterValue(
            VersionId id, long time, List<Mark> ancestors, long forgottenUpTo, boolean absent, byte[] payload) {
        this(id, time, ancestors, forgottenUpTo, absent, 0, payload);
    }

    /** Whether the register was never written, which a tombstone is not. */
    public boolean isNone() {
        return id.equals(NONE.id);
    }

    /** The write as others remember it. */
    public Mark mark() {
        return new Mark(id, time);
    }

    /** Whether this was built on that write, as far as it is remembered: then that write has happened. */
    public boolean descendsFrom(VersionId write) {
        return ancestors.stream().anyMatch(ancestor -> ancestor.id().equals(write));
    }

    /** A write that depends on nothing before it. */
    static RegisterValue first(VersionId id, long time, Change.Write write) {
        return new RegisterValue(id, time, List.of(), 0, write.tombstone(), write.fence(), write.payload());
    }

    /** A write on top of this value. */
    RegisterValue successor(VersionId id, long time, Change.Write write) {
        if (isNone()) {
            return first(id, time, write);
        }
        List<Mark> line = new ArrayList<>(ancestors.size() + 1);
        line.add(mark());
        line.addAll(ancestors);
        long forgotten = forgottenUpTo;
        while (line.size() > MAX_ANCESTORS) {
            forgotten = Math.max(forgotten, line.remove(line.size() - 1).time());
        }
        long highest = Math.max(fence, write.fence());
        return new RegisterValue(id, time, line, forgotten, write.tombstone(), highest, write.payload());
    }

    RegisterValue withoutAncestors() {
        return new RegisterValue(id, time, List.of(), 0, absent, fence, payload);
    }

    RegisterValue withoutPayload() {
        return new RegisterValue(id, time, ancestors, forgottenUpTo, absent, fence, NONE.payload);
    }

    /** The same, behind a fence that owners remember from other values. */
    RegisterValue fenced(long remembered) {
        return remembered <= fence || isNone()
                ? this
                : new RegisterValue(id, time, ancestors, forgottenUpTo, absent, remembered, payload);
    }

    /** The bytes an owner stores. */
    public byte[] encode() {
        if (isNone()) {
            return NONE.payload;
        }
        WireWriter out = new WireWriter();
        out.u8(FORMAT).u8((absent ? ABSENT : 0) | (fence > 0 ? FENCED : 0));
        out.version(id).int64(time).int64(forgottenUpTo);
        if (fence > 0) {
            out.int64(fence);
        }
        out.list(ancestors, (writer, ancestor) -> ancestor.write(writer));
        return out.raw(payload).toBytes();
    }

    /** Whether the bytes are a value, and no tombstone: known without reading them all. */
    static boolean isLive(byte[] encoded) {
        return encoded.length > 1 && (encoded[1] & ABSENT) == 0;
    }

    /** Reads what {@link #encode} wrote; throws {@link MalformedMessageException} for anything else. */
    public static RegisterValue decode(byte[] bytes) {
        if (bytes.length == 0) {
            return NONE;
        }
        WireReader in = new WireReader(bytes);
        int format = in.u8();
        int flags = in.u8();
        if (format != FORMAT || flags > (ABSENT | FENCED)) {
            throw new MalformedMessageException("register value of format " + format + ", flags " + flags
                    + "; this version reads format " + FORMAT + " only");
        }
        VersionId id = in.version();
        long time = in.int64();
        long forgotten = in.int64();
        long fence = (flags & FENCED) != 0 ? in.int64() : 0;
        List<Mark> ancestors = in.list(Mark::read);
        byte[] payload = in.raw(in.remaining());
        return in.value(() -> new RegisterValue(id, time, ancestors, forgotten, (flags & ABSENT) != 0, fence, payload));
    }

    @Override
    public String toString() {
        return isNone() ? "nothing" : (absent ? "tombstone " : "version ") + id + " of " + time;
    }
}
