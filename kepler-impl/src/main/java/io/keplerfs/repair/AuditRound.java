package io.keplerfs.repair;

import io.keplerfs.spi.RegisterKey;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import org.jspecify.annotations.Nullable;

/**
 * How far the audit of a node has come, kept in its setting {@code audit}.
 *
 * <pre>
 * long started, ms since 1970 | long finished | bool running | bool has cursor | [ register cursor ]
 * long versions | long bytes | long found | long versions before | long bytes before
 * </pre>
 *
 * @param startedMillis when this round, or the last one, began
 * @param finishedMillis when a round ended last, 0 for never
 * @param running whether it has not ended yet
 * @param cursor last register that is done, null at the start
 * @param versions files and conflicts looked at
 * @param bytes their length
 * @param found chunks of which something was missing
 * @param versionsBefore of the round before: about what this one will come to
 * @param bytesBefore the same in bytes
 */
record AuditRound(
        long startedMillis,
        long finishedMillis,
        boolean running,
        @Nullable RegisterKey cursor,
        long versions,
        long bytes,
        long found,
        long versionsBefore,
        long bytesBefore) {

    /** None has run; the first is due as if one had begun then. */
    static AuditRound never(long startedMillis) {
        return new AuditRound(startedMillis, 0, false, null, 0, 0, 0, 0, 0);
    }

    AuditRound begin(long nowMillis) {
        return new AuditRound(nowMillis, finishedMillis, true, null, 0, 0, 0, versions, bytes);
    }

    /** @param last register of the page, null if there is no more */
    AuditRound page(@Nullable RegisterKey last, int moreVersions, long moreBytes, long nowMillis) {
        boolean ended = last == null;
        return new AuditRound(
                startedMillis,
                ended ? nowMillis : finishedMillis,
                !ended,
                last,
                versions + moreVersions,
                bytes + moreBytes,
                found,
                versionsBefore,
                bytesBefore);
    }

    AuditRound foundMore(long more) {
        return new AuditRound(
                startedMillis,
                finishedMillis,
                running,
                cursor,
                versions,
                bytes,
                found + more,
                versionsBefore,
                bytesBefore);
    }

    byte[] toBytes() {
        WireWriter out = new WireWriter()
                .int64(startedMillis)
                .int64(finishedMillis)
                .bool(running)
                .bool(cursor != null);
        if (cursor != null) {
            out.register(cursor);
        }
        return out.int64(versions)
                .int64(bytes)
                .int64(found)
                .int64(versionsBefore)
                .int64(bytesBefore)
                .toBytes();
    }

    static AuditRound fromBytes(byte[] bytes) {
        WireReader in = new WireReader(bytes);
        AuditRound round = new AuditRound(
                in.int64(),
                in.int64(),
                in.bool(),
                in.bool() ? in.register() : null,
                in.int64(),
                in.int64(),
                in.int64(),
                in.int64(),
                in.int64());
        in.end();
        return round;
    }
}
