package io.keplerfs.swim;

import io.keplerfs.spi.ClusterCard;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.MalformedMessageException;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * The only place that knows the bytes of a message, the letter in the envelope of a {@link Seal}. Values are those of {@link WireWriter}; docs/formats.md shows
 * an example of each.
 *
 * <pre>
 * letter      u8 type, member sender (ALIVE or LEFT), then by type:
 *   1 Ping         long sequence, uuid target, claims
 *   2 Ack          long sequence, uuid target, claims
 *   3 PingRequest  long sequence, uuid target, address, uint waitMillis, claims
 *   4 Nack         long sequence, uuid target
 *   5 Gossip       claims
 *   6 Sync         long buckets, claims
 *   7 SyncReply    claims
 *   8 Hello        card
 *   9 HelloReply   card
 *   10 Compare     64 long sums
 *   11 CompareReply long buckets
 * claims      list of: member, [uuid by] only if SUSPECT or DEAD, [uint ageMinutes] only if DEAD
 * member      uuid id, text label, text zone, u8 weight, address, long incarnation,
 *             u8 state (0 ALIVE, 1 SUSPECT, 2 DEAD, 3 LEFT)
 * card        cluster: bool present [uuid], uint owners, bool hasData, uint replicationFactor
 * </pre>
 */
final class GossipCodec {
    /** Fits an Ethernet frame of 1500 bytes with IPv6 and tunnel headers, so that no datagram is ever fragmented. */
    static final int MAX_PACKET_BYTES = 1400;

    /** A full state: {@link Roster#MAX_MEMBERS} members of at most 560 bytes each. */
    static final int MAX_STREAM_BYTES = 10 << 20;

    /** Room to grow for 100 million years of milliseconds, and far enough from overflow for any refutation. */
    static final long MAX_INCARNATION = 1L << 62;

    /** Nobody waits longer for an indirect probe; nodes far apart probe every 5 s. */
    static final int MAX_WAIT_MILLIS = 60_000;

    /** A year; the dead are remembered for a day. */
    static final int MAX_AGE_MINUTES = 366 * 24 * 60;

    private static final Pattern LABEL = Pattern.compile("[A-Za-z0-9._-]{1,63}");
    private static final int MAX_ZONE_CHARACTERS = 63;
    private static final int MAX_WEIGHT = 100;

    /** The longest name that DNS allows. */
    private static final int MAX_HOST_BYTES = 253;

    /** In the order of their type bytes, which begin at 1. */
    private static final List<Class<? extends GossipMessage>> TYPES = List.of(
            GossipMessage.Ping.class,
            GossipMessage.Ack.class,
            GossipMessage.PingRequest.class,
            GossipMessage.Nack.class,
            GossipMessage.Gossip.class,
            GossipMessage.Sync.class,
            GossipMessage.SyncReply.class,
            GossipMessage.Hello.class,
            GossipMessage.HelloReply.class,
            GossipMessage.Compare.class,
            GossipMessage.CompareReply.class);

    /** In the order of their bytes, which begin at 0. */
    private static final List<MemberState> STATES =
            List.of(MemberState.ALIVE, MemberState.SUSPECT, MemberState.DEAD, MemberState.LEFT);

    private GossipCodec() {}

    static byte[] encode(GossipMessage message) {
        WireWriter out = new WireWriter();
        message(out, message);
        return out.toBytes();
    }

    /** Size of the sealed datagram that will carry the message. */
    static int packetBytes(GossipMessage message) {
        WireWriter out = new WireWriter();
        message(out, message);
        return Seal.OVERHEAD_BYTES + out.size();
    }

    static int claimBytes(Claim claim) {
        WireWriter out = new WireWriter();
        claim(out, claim);
        return out.size();
    }

    /** Throws {@link MalformedMessageException} and nothing else, whatever the bytes. */
    static GossipMessage decode(byte[] bytes) {
        WireReader in = new WireReader(bytes);
        GossipMessage message = message(in);
        in.end();
        return message;
    }

    private static void message(WireWriter out, GossipMessage message) {
        out.u8(type(message));
        member(out, message.sender());
        if (message instanceof GossipMessage.Ping ping) {
            out.int64(ping.sequence()).node(ping.target());
            claims(out, ping.claims());
        } else if (message instanceof GossipMessage.Ack ack) {
            out.int64(ack.sequence()).node(ack.target());
            claims(out, ack.claims());
        } else if (message instanceof GossipMessage.PingRequest ask) {
            out.int64(ask.sequence()).node(ask.target());
            out.address(ask.targetAddress()).uint(ask.waitMillis());
            claims(out, ask.claims());
        } else if (message instanceof GossipMessage.Nack nack) {
            out.int64(nack.sequence()).node(nack.target());
        } else if (message instanceof GossipMessage.Hello hello) {
            card(out, hello.card());
        } else if (message instanceof GossipMessage.HelloReply reply) {
            card(out, reply.card());
        } else if (message instanceof GossipMessage.Sync sync) {
            out.int64(sync.buckets());
            claims(out, sync.claims());
        } else if (message instanceof GossipMessage.Compare compare) {
            compare.sums().forEach(out::int64);
        } else if (message instanceof GossipMessage.CompareReply reply) {
            out.int64(reply.buckets());
        } else {
            claims(out, message.claims());
        }
    }

    private static int type(GossipMessage message) {
        return 1 + TYPES.indexOf(message.getClass());
    }

    private static GossipMessage message(WireReader in) {
        int type = in.u8();
        MemberInfo sender = member(in);
        if (Claim.isAccusation(sender.state())) {
            throw new MalformedMessageException("a sender cannot call itself " + sender.state());
        }
        return switch (type) {
            case 1 -> new GossipMessage.Ping(sender, in.int64(), in.node(), claims(in));
            case 2 -> new GossipMessage.Ack(sender, in.int64(), in.node(), claims(in));
            case 3 ->
                new GossipMessage.PingRequest(
                        sender,
                        in.int64(),
                        in.node(),
                        address(in),
                        bounded("waitMillis", in.uint(), MAX_WAIT_MILLIS),
                        claims(in));
            case 4 -> new GossipMessage.Nack(sender, in.int64(), in.node());
            case 5 -> new GossipMessage.Gossip(sender, claims(in));
            case 6 -> new GossipMessage.Sync(sender, in.int64(), claims(in));
            case 7 -> new GossipMessage.SyncReply(sender, claims(in));
            case 8 -> new GossipMessage.Hello(sender, card(in));
            case 9 -> new GossipMessage.HelloReply(sender, card(in));
            case 10 -> new GossipMessage.Compare(sender, sums(in));
            case 11 -> new GossipMessage.CompareReply(sender, in.int64());
            default -> throw new MalformedMessageException("there is no gossip message of type " + type);
        };
    }

    private static List<Long> sums(WireReader in) {
        List<Long> sums = new ArrayList<>(Digest.BUCKETS);
        for (int bucket = 0; bucket < Digest.BUCKETS; bucket++) {
            sums.add(in.int64());
        }
        return List.copyOf(sums);
    }

    private static void claims(WireWriter out, List<Claim> claims) {
        out.list(claims, GossipCodec::claim);
    }

    private static List<Claim> claims(WireReader in) {
        return List.copyOf(in.list(GossipCodec::claim));
    }

    private static void claim(WireWriter out, Claim claim) {
        member(out, claim.member());
        if (claim.isAccusation()) {
            out.node(claim.by());
        }
        if (claim.member().state() == MemberState.DEAD) {
            out.uint(claim.ageMinutes());
        }
    }

    private static Claim claim(WireReader in) {
        MemberInfo member = member(in);
        if (!Claim.isAccusation(member.state())) {
            return Claim.of(member);
        }
        NodeId by = in.node();
        boolean dead = member.state() == MemberState.DEAD;
        return new Claim(member, by, dead ? bounded("ageMinutes", in.uint(), MAX_AGE_MINUTES) : 0);
    }

    private static void member(WireWriter out, MemberInfo member) {
        out.node(member.id()).text(member.label()).text(member.zone()).u8(member.weight());
        out.address(member.address()).int64(member.incarnation());
        out.u8(number(member.state()));
    }

    private static MemberInfo member(WireReader in) {
        MemberInfo member =
                new MemberInfo(in.node(), in.text(), in.text(), in.u8(), address(in), in.int64(), state(in));
        try {
            check(member);
        } catch (IllegalArgumentException refused) {
            throw new MalformedMessageException(String.valueOf(refused.getMessage()));
        }
        return member;
    }

    /** The byte that stands for it. */
    static int number(MemberState state) {
        return STATES.indexOf(state);
    }

    private static MemberState state(WireReader in) {
        return STATES.get(bounded("state", in.u8(), STATES.size() - 1));
    }

    private static NodeAddress address(WireReader in) {
        NodeAddress address = in.address();
        try {
            check(address);
        } catch (IllegalArgumentException refused) {
            throw new MalformedMessageException(String.valueOf(refused.getMessage()));
        }
        return address;
    }

    /** Refuses what no peer would accept, before it is sent as well as after it came; names the value. */
    static void check(MemberInfo member) {
        if (!LABEL.matcher(member.label()).matches()) {
            throw new IllegalArgumentException("a label of " + member.label().length()
                    + " characters is not 1 to 63 letters, digits, '.', '_' or '-'");
        }
        if (member.zone().length() > MAX_ZONE_CHARACTERS
                || member.zone().chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("a zone has at most " + MAX_ZONE_CHARACTERS
                    + " printable characters, not " + member.zone().length());
        }
        if (member.weight() < 1 || member.weight() > MAX_WEIGHT) {
            throw new IllegalArgumentException("weight is " + member.weight() + ", allowed are 1 to " + MAX_WEIGHT);
        }
        if (member.incarnation() < 0 || member.incarnation() > MAX_INCARNATION) {
            throw new IllegalArgumentException(
                    "incarnation is " + member.incarnation() + ", allowed are 0 to " + MAX_INCARNATION);
        }
        check(member.address());
    }

    private static void check(NodeAddress address) {
        if (address.gossipPort() == 0) {
            throw new IllegalArgumentException("a member that gossips needs a gossip port, " + address + " has none");
        }
        if (address.host().getBytes(StandardCharsets.UTF_8).length > MAX_HOST_BYTES
                || address.host().chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("a host name has at most " + MAX_HOST_BYTES + " printable bytes");
        }
    }

    private static void card(WireWriter out, ClusterCard card) {
        cluster(out, card.clusterId());
        out.uint(card.owners()).bool(card.hasData()).uint(card.replicationFactor());
    }

    private static ClusterCard card(WireReader in) {
        return new ClusterCard(cluster(in), in.uint(), in.bool(), in.uint());
    }

    private static void cluster(WireWriter out, Optional<UUID> cluster) {
        out.bool(cluster.isPresent());
        cluster.ifPresent(out::uuid);
    }

    private static Optional<UUID> cluster(WireReader in) {
        return in.bool() ? Optional.of(in.uuid()) : Optional.empty();
    }

    private static int bounded(String name, int value, int most) {
        if (value > most) {
            throw new MalformedMessageException(name + " is " + value + ", at most " + most + " is allowed");
        }
        return value;
    }
}
