package io.keplerfs.swim;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;

/**
 * What somebody says of a member: the one thing that travels in gossip.
 *
 * <p>Of two claims about one member the one with the higher incarnation holds. Only the member itself raises its incarnation,
 * so it always has the last word. Within one incarnation left beats dead beats suspect beats alive.
 *
 * @param member who and in which state
 * @param by the accuser if suspect or dead; otherwise the member itself
 * @param ageMinutes how long it has been dead for the one who says so; 0 if it is not dead
 */
record Claim(MemberInfo member, NodeId by, int ageMinutes) {
    /** Something new. */
    Claim(MemberInfo member, NodeId by) {
        this(member, by, 0);
    }

    /** What a member says of itself. */
    static Claim of(MemberInfo self) {
        return new Claim(self, self.id());
    }

    static boolean isAccusation(MemberState state) {
        return state == MemberState.SUSPECT || state == MemberState.DEAD;
    }

    boolean isAccusation() {
        return isAccusation(member.state());
    }

    /** Whether this claim is stronger than what is known. */
    boolean overrides(MemberInfo known) {
        return overrides(known.state(), known.incarnation(), member.state(), member.incarnation());
    }

    /** MemberState is declared in the order of strength. */
    static boolean overrides(MemberState known, long knownIncarnation, MemberState claimed, long claimedIncarnation) {
        return claimedIncarnation > knownIncarnation
                || (claimedIncarnation == knownIncarnation && claimed.compareTo(known) > 0);
    }
}
