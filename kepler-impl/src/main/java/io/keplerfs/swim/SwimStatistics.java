package io.keplerfs.swim;

/**
 * What the gossip port has seen since it was bound. Only ever grows.
 *
 * @param packetsSent datagrams handed to the network
 * @param packetsReceived datagrams of any kind
 * @param packetBytesSent their bytes, without headers of UDP and IP
 * @param packetBytesReceived the same of those received
 * @param streamBytesSent bytes of messages written to connections, without headers of TCP and IP
 * @param streamBytesReceived bytes of messages read from connections
 * @param exchangesAsked connections this node opened to ask something
 * @param exchangesFailed those of them that brought no reply
 * @param exchangesAnswered connections of others that got a reply
 * @param brokenSeals datagrams and streams not sealed with a secret of ours: another secret, none, or forged
 * @param replayed those sealed with a secret of ours that were opened before, or come too late to tell
 * @param malformed those that are not gossip, or not of a kind that belongs there
 * @param oversized those larger than anything a node sends
 * @param foreign those of another cluster
 * @param overdue connections cut because their time was over
 * @param overloaded work dropped because too much was waiting already; the protocol repeats it
 */
public record SwimStatistics(
        long packetsSent,
        long packetsReceived,
        long packetBytesSent,
        long packetBytesReceived,
        long streamBytesSent,
        long streamBytesReceived,
        long exchangesAsked,
        long exchangesFailed,
        long exchangesAnswered,
        long brokenSeals,
        long replayed,
        long malformed,
        long oversized,
        long foreign,
        long overdue,
        long overloaded) {}
