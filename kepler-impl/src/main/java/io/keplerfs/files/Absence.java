package io.keplerfs.files;

import io.keplerfs.register.RegisterValue;
import io.keplerfs.spi.Store;
import io.keplerfs.view.ViewMember;
import io.keplerfs.view.Views;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Tells the fast writes of this node's present membership from those it took before it was evicted. No tombstone is removed
 * without the word of every member, so where a member finds nothing, nothing was deleted. A node that was none in between cannot
 * tell a file that never was from one that was deleted after the fast write. Any thread.
 *
 * <pre>
 * setting "fast writes since"     long since | long stamp     of the first fast write in the membership that began in that epoch
 * </pre>
 */
final class Absence {
    private static final String SETTING = "fast writes since";
    private static final int COUNTER_BITS = 16;

    private record Era(long since, long firstStamp) {
        static Optional<Era> of(Store.Snapshot tables) {
            return tables.setting(SETTING).map(WireReader::new).map(in -> new Era(in.int64(), in.int64()));
        }
    }

    private final Node node;

    Absence(Node node) {
        this.node = node;
    }

    /** Belongs to the transaction of a fast write. */
    static void note(Store.Transaction tables, long stamp) {
        long since = Views.memberSince(tables);
        if (Era.of(tables).filter(era -> era.since() == since).isEmpty()) {
            tables.putSetting(
                    SETTING, new WireWriter().int64(since).int64(stamp).toBytes());
        }
    }

    /** In which epoch the membership began in which this was written; empty if that was an earlier one than the last noted. */
    static OptionalLong since(Store.Snapshot tables, RegisterValue written) {
        return Era.of(tables)
                .filter(era -> era.firstStamp() <= written.time())
                .map(era -> OptionalLong.of(era.since()))
                .orElse(OptionalLong.empty());
    }

    /**
     * Whether a tombstone may have been removed that is later than the write. Tombstones stay for long enough that half of it
     * leaves room for clocks that disagree.
     *
     * @param since see {@link #since}
     */
    boolean mayHideADelete(OptionalLong since, RegisterValue written) {
        long age = node.loop().wallMillis() - (written.time() >>> COUNTER_BITS);
        return age > node.limits().tombstonesKept().toMillis() / 2 && (since.isEmpty() || !since.equals(memberSince()));
    }

    private OptionalLong memberSince() {
        return node.views()
                .ownership()
                .flatMap(known -> known.newest()
                        .member(node.rpc().self())
                        .or(() -> known.current().member(node.rpc().self())))
                .map(ViewMember::since)
                .map(OptionalLong::of)
                .orElse(OptionalLong.empty());
    }
}
