package io.keplerfs.swim;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.Contact;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What is remembered of one other member. Owned and changed by the {@link Roster} alone. */
final class Known {
    MemberInfo info;
    NodeId by;

    /** When it came into this state. */
    long sinceNanos;

    /**
     * For operators only; nothing is decided by it. The one field that other threads read. Made when there is something to say: a
     * simulation of 10,000 nodes has 100 million of these, of which few ever spoke to each other.
     */
    private volatile @Nullable Heard heard;

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

    /** Only for the owner of the roster. */
    Heard heard() {
        Heard made = heard;
        if (made == null) {
            made = new Heard();
            heard = made;
        }
        return made;
    }

    /** It is there after all; whether our own probes had accused it. */
    boolean acquit() {
        Heard made = heard;
        if (made == null || !made.accused) {
            return false;
        }
        made.accused = false;
        return true;
    }

    /** Any thread; empty if it was never heard, only heard of. */
    Optional<Contact> contact(long nowNanos) {
        Heard made = heard;
        return made == null ? Optional.empty() : made.contact(nowNanos);
    }

    Endpoint endpoint() {
        return Endpoint.of(info.address());
    }

    boolean isLiving() {
        return info.state() == MemberState.ALIVE || info.state() == MemberState.SUSPECT;
    }
}
