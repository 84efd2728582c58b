package io.keplerfs.repair;

import io.keplerfs.values.ChunkId;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import org.jspecify.annotations.Nullable;

/**
 * How far one round of the scrub has come; the setting {@value #SETTING}, which an empty value or none starts anew:
 *
 * <pre>
 * u8 1 | long started (ms) | bool urgent | bool ended | bool begun [| chunk last done] | long chunks | long bytes | long found
 * </pre>
 *
 * @param startedMillis wall clock when the round began
 * @param urgent an operator asked for it: at the throttle of the node
 * @param ended everything was looked at
 * @param cursor the last chunk that is done, null before the first
 * @param chunks done
 * @param bytes done
 * @param found damaged, missing or unreadable copies
 */
record ScrubRound(
        long startedMillis,
        boolean urgent,
        boolean ended,
        @Nullable ChunkId cursor,
        long chunks,
        long bytes,
        long found) {
    static final String SETTING = "scrub";
    private static final int FORMAT = 1;

    static ScrubRound begin(long nowMillis, boolean urgent) {
        return new ScrubRound(nowMillis, urgent, false, null, 0, 0, 0);
    }

    ScrubRound passed(ChunkId chunk, long sizeBytes, int damages) {
        return new ScrubRound(startedMillis, urgent, false, chunk, chunks + 1, bytes + sizeBytes, found + damages);
    }

    ScrubRound end() {
        return new ScrubRound(startedMillis, urgent, true, cursor, chunks, bytes, found);
    }

    byte[] toBytes() {
        WireWriter out = new WireWriter()
                .u8(FORMAT)
                .int64(startedMillis)
                .bool(urgent)
                .bool(ended)
                .bool(cursor != null);
        if (cursor != null) {
            out.chunk(cursor);
        }
        return out.int64(chunks).int64(bytes).int64(found).toBytes();
    }

    /** Null if it says nothing that this release understands: then a new round begins. */
    static @Nullable ScrubRound of(byte[] setting) {
        try {
            WireReader in = new WireReader(setting);
            return in.u8() != FORMAT
                    ? null
                    : new ScrubRound(
                            in.int64(),
                            in.bool(),
                            in.bool(),
                            in.bool() ? in.chunk() : null,
                            in.int64(),
                            in.int64(),
                            in.int64());
        } catch (MalformedMessageException unknown) {
            return null;
        }
    }
}
