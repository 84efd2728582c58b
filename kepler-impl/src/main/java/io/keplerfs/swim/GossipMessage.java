package io.keplerfs.swim;

import io.keplerfs.spi.ClusterCard;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import java.util.List;

/**
 * Everything two memberships say to each other; {@link GossipCodec} draws the bytes. Each message begins with its sender as the
 * sender sees itself, alive or (in a good-bye) left: whoever hears it knows where to answer and which incarnation is current.
 */
sealed interface GossipMessage {
    MemberInfo sender();

    /** News carried along. */
    default List<Claim> claims() {
        return List.of();
    }

    /** Fits a datagram and needs no connection. */
    sealed interface Packet extends GossipMessage permits Ping, Ack, PingRequest, Nack, Gossip {}

    /** Asks for exactly one {@link Reply} over a connection. */
    sealed interface Request extends GossipMessage permits Ping, Sync, Hello, Compare {}

    /** Answers a {@link Request} on its connection. */
    sealed interface Reply extends GossipMessage permits Ack, SyncReply, HelloReply, CompareReply {}

    /**
     * Are you there? Answered by the target alone: another node may live at its address by now.
     *
     * @param sequence chosen by the sender, comes back in the ack
     */
    record Ping(MemberInfo sender, long sequence, NodeId target, List<Claim> claims) implements Packet, Request {}

    /** The target of a ping is there; a relay forwards the word with the sequence of the one who asked it. */
    record Ack(MemberInfo sender, long sequence, NodeId target, List<Claim> claims) implements Packet, Reply {}

    /**
     * Please ping that member for me.
     *
     * @param waitMillis how long the sender waits for the outcome
     */
    record PingRequest(
            MemberInfo sender,
            long sequence,
            NodeId target,
            NodeAddress targetAddress,
            int waitMillis,
            List<Claim> claims)
            implements Packet {}

    /** A relay got no ack so far, but is well itself: whoever receives it knows that its own network works. */
    record Nack(MemberInfo sender, long sequence, NodeId target) implements Packet {}

    /** News alone. */
    record Gossip(MemberInfo sender, List<Claim> claims) implements Packet {}

    /**
     * All I know of the members in some buckets; answer with all you know of them.
     *
     * @param buckets a set of bits, one for each bucket of a {@link Digest}
     */
    record Sync(MemberInfo sender, long buckets, List<Claim> claims) implements Request {}

    /** All I know, of the buckets asked for. */
    record SyncReply(MemberInfo sender, List<Claim> claims) implements Reply {}

    /** Who I am and which cluster I am in, if any. The only message that crosses from one cluster to another. */
    record Hello(MemberInfo sender, ClusterCard card) implements Request {}

    /** The answer of the one who was greeted. */
    record HelloReply(MemberInfo sender, ClusterCard card) implements Reply {}

    /**
     * Do you know what I know?
     *
     * @param sums those of a {@link Digest}, one for each bucket
     */
    record Compare(MemberInfo sender, List<Long> sums) implements Request {
        public Compare {
            if (sums.size() != Digest.BUCKETS) {
                throw new IllegalArgumentException(sums.size() + " sums instead of " + Digest.BUCKETS);
            }
        }
    }

    /**
     * In these buckets I know something else.
     *
     * @param buckets a set of bits
     */
    record CompareReply(MemberInfo sender, long buckets) implements Reply {}
}
