package io.keplerfs.register;

import io.keplerfs.register.RegisterValue.Mark;
import io.keplerfs.values.VersionId;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which writes an owner of a register has accepted or heard of as ancestors: so that a writer who is not sure whether its write
 * happened learns that it may have (protocols.md, section 5, rules c and d).
 *
 * <pre>
 * format      u8, 1
 * flags       u8, bit 0 = inherited, bit 1 = fenced
 * forgotten   long
 * fence       long, only if fenced
 * marks       list of (uuid id, long time), latest first
 * </pre>
 *
 * <p>No bytes stand for {@link #EMPTY}. The latest {@value #CAPACITY} are kept; which ones does not depend on the order of
 * learning, so that owners who know the same writes have equal bytes.
 *
 * @param marks latest first
 * @param forgottenUpTo a write of this time or before may have been forgotten; 0 if none was
 * @param inherited whether the accepted value was taken over from an old owner below a promise: this owner knows it, but has
 *     never voted for it
 * @param fence the highest fence of any value it has accepted, whatever has replaced that value since: an unconditional write
 *     does not look at what it replaces. Who prepares hears of it from every majority that a fenced write had. It never falls, so it
 *     may be that of a write that came to nothing: 0 if there was none
 */
record Memory(List<Mark> marks, long forgottenUpTo, boolean inherited, long fence) {
    static final Memory EMPTY = new Memory(List.of(), 0, false, 0);
    /** 1.5 KB a register at most; a retry is in doubt only after this many later writes of the same key. */
    static final int CAPACITY = 64;

    private static final int FORMAT = 1;
    private static final int INHERITED = 1;
    private static final int FENCED = 2;
    private static final byte[] NO_BYTES = new byte[0];
    private static final Comparator<Mark> LATEST_FIRST =
            Comparator.comparingLong(Mark::time).reversed().thenComparing(Mark::id);

    Memory {
        marks = List.copyOf(marks);
    }

    /** Whether the write is among what was not forgotten. */
    boolean remembers(VersionId write) {
        return marks.stream().anyMatch(mark -> mark.id().equals(write));
    }

    /** This, the value's write, and its ancestors, once the owner has voted for the value. */
    Memory voted(RegisterValue value) {
        Map<VersionId, Long> known = known();
        if (!value.isNone()) {
            learn(known, value.mark());
        }
        value.ancestors().forEach(ancestor -> learn(known, ancestor));
        return latest(known, Math.max(forgottenUpTo, value.forgottenUpTo()), false, Math.max(fence, value.fence()));
    }

    /** This and the other's, about a value of its own or an inherited one. */
    Memory merged(Memory other, boolean nowInherited) {
        Map<VersionId, Long> known = known();
        other.marks.forEach(mark -> learn(known, mark));
        return latest(known, Math.max(forgottenUpTo, other.forgottenUpTo), nowInherited, Math.max(fence, other.fence));
    }

    private Map<VersionId, Long> known() {
        Map<VersionId, Long> known = new HashMap<>();
        marks.forEach(mark -> learn(known, mark));
        return known;
    }

    private static void learn(Map<VersionId, Long> known, Mark mark) {
        known.merge(mark.id(), mark.time(), Math::max);
    }

    private static Memory latest(Map<VersionId, Long> known, long forgottenUpTo, boolean inherited, long fence) {
        List<Mark> all = known.entrySet().stream()
                .map(entry -> new Mark(entry.getKey(), entry.getValue()))
                .sorted(LATEST_FIRST)
                .toList();
        if (all.size() <= CAPACITY) {
            return new Memory(all, forgottenUpTo, inherited, fence);
        }
        long forgotten = Math.max(forgottenUpTo, all.get(CAPACITY).time());
        return new Memory(all.subList(0, CAPACITY), forgotten, inherited, fence);
    }

    byte[] encode() {
        if (equals(EMPTY)) {
            return NO_BYTES;
        }
        WireWriter out = new WireWriter()
                .u8(FORMAT)
                .u8((inherited ? INHERITED : 0) | (fence > 0 ? FENCED : 0))
                .int64(forgottenUpTo);
        if (fence > 0) {
            out.int64(fence);
        }
        return out.list(marks, (writer, mark) -> mark.write(writer)).toBytes();
    }

    static Memory decode(byte[] bytes) {
        if (bytes.length == 0) {
            return EMPTY;
        }
        WireReader in = new WireReader(bytes);
        int format = in.u8();
        int flags = in.u8();
        if (format != FORMAT || flags > (INHERITED | FENCED)) {
            throw new MalformedMessageException("register memory of format " + format + ", flags " + flags
                    + "; this version reads format " + FORMAT + " only");
        }
        long forgotten = in.int64();
        long fence = (flags & FENCED) != 0 ? in.int64() : 0;
        List<Mark> marks = in.list(Mark::read);
        in.end();
        return new Memory(marks, forgotten, (flags & INHERITED) != 0, fence);
    }
}
