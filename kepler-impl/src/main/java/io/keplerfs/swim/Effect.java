package io.keplerfs.swim;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;

/** What the {@link Detector} wants done in the world; it does nothing there itself. */
sealed interface Effect {
    /** Send a datagram; losing it is fine. */
    record Send(Endpoint to, GossipMessage.Packet packet) implements Effect {}

    /** Ask over a connection and hand the reply to {@link Detector#receive}; losing it is fine. */
    record Exchange(Endpoint with, GossipMessage.Request request) implements Effect {}

    /** The reply to the request that was handed to {@link Detector#answer}. */
    record Answer(GossipMessage.Reply reply) implements Effect {}

    /**
     * A member is new, or its state, address or incarnation changed.
     *
     * @param before for a new member the same as now
     * @param reason for the operator's log
     */
    record Changed(MemberState before, MemberInfo now, String reason) implements Effect {}

    /** Enough others have heard our good-bye. */
    record Departed() implements Effect {}
}
