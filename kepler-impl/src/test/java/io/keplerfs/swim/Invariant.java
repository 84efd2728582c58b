package io.keplerfs.swim;

/** What holds in every simulated run, whatever fails. Breaks with {@link GossipNetwork#fail}. */
interface Invariant {
    /** A node has told its host of a change. */
    default void changed(GossipNode at, Effect.Changed change) {}

    /** A node sends a datagram of so many bytes. */
    default void sent(GossipNode from, GossipMessage.Packet packet, int bytes) {}

    /** Now and then. */
    default void watched(GossipNode node) {}

    /** Faults have ended long ago. */
    default void settled(GossipNetwork network) {}
}
