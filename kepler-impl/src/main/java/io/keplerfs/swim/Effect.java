package io.keplerfs.swim;

import io.keplerfs.spi.ClusterCard;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import java.util.Optional;
import java.util.UUID;

/** What the {@link Participant} wants done in the world; it does nothing there itself. */
sealed interface Effect {
    /** Send a datagram; losing it is fine. */
    record Send(Endpoint to, GossipMessage.Packet packet) implements Effect {}

    /** Ask over a connection and hand the reply, or that there is none, to {@link Participant#replied}. */
    record Exchange(Endpoint with, GossipMessage.Request request) implements Effect {}

    /** The reply to the request that was handed to {@link Participant#answer}. */
    record Answer(GossipMessage.Reply reply) implements Effect {}

    /**
     * A member is new, or its state, address or incarnation changed.
     *
     * @param before for a new member the same as now
     * @param reason for the operator's log
     */
    record Changed(MemberState before, MemberInfo now, String reason) implements Effect {}

    /** This node is in another cluster now, or in none; what follows forgets the members of the old one. */
    record Entered(Optional<UUID> cluster) implements Effect {}

    /** A hello met a node of another cluster, or of any if we have none: the host decides. */
    record Met(MemberInfo other, ClusterCard card) implements Effect {}

    /** Enough others have heard our good-bye. */
    record Departed() implements Effect {}
}
