package io.keplerfs.swim;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.util.concurrent.TimeUnit;

/** What is remembered of one other member. Owned and changed by the {@link Roster} alone. */
final class Known {
    MemberInfo info;
    NodeId by;

    /** When it came into this state. */
    long sinceNanos;

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

    Claim claim(long nowNanos) {
        long age = info.state() == MemberState.DEAD ? TimeUnit.NANOSECONDS.toMinutes(nowNanos - sinceNanos) : 0;
        return new Claim(info, by, (int) Math.min(GossipCodec.MAX_AGE_MINUTES, age));
    }

    Endpoint endpoint() {
        return Endpoint.of(info.address());
    }

    boolean isLiving() {
        return info.state() == MemberState.ALIVE || info.state() == MemberState.SUSPECT;
    }
}
