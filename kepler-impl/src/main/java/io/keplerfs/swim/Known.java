package io.keplerfs.swim;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;

/** What is remembered of one other member. Owned and changed by the {@link Roster} alone. */
final class Known {
    MemberInfo info;
    NodeId by;

    /** When it came into this state. */
    long sinceNanos;

    /** For operators only; nothing is decided by it. */
    final Heard heard = new Heard();

    /** Our own probes accused it, and it has not come back since. For operators, too. */
    boolean accused;

    /** When to ping it anew if it is dead. */
    long retryNanos;

    Known(MemberInfo info, NodeId by, long nowNanos) {
        this.info = info;
        this.by = by;
        this.sinceNanos = nowNanos;
    }

    void take(Claim claim, long nowNanos) {
        if (info.state() != claim.member().state()) {
            sinceNanos = nowNanos;
        }
        // Within one incarnation only the state is news: all else was said by the member itself.
        info = claim.member().incarnation() > info.incarnation()
                ? claim.member()
                : info.withState(claim.member().state());
        by = claim.by();
    }

    Claim claim() {
        return new Claim(info, by);
    }

    Endpoint endpoint() {
        return Endpoint.of(info.address());
    }

    boolean isLiving() {
        return info.state() == MemberState.ALIVE || info.state() == MemberState.SUSPECT;
    }
}
