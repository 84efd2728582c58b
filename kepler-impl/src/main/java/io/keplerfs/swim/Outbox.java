package io.keplerfs.swim;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Collects the effects of one step of the {@link Detector}, and fills every packet with news up to its brim. */
final class Outbox {
    private final List<Effect> effects;
    private final Roster roster;
    private final Rumours rumours;
    private long nextSequence;

    /**
     * @param effects where the roster, too, puts its effects, so that their order is kept
     * @param firstSequence unpredictable, so that an ack cannot be guessed by somebody who has not seen the ping
     */
    Outbox(List<Effect> effects, Roster roster, Rumours rumours, long firstSequence) {
        this.effects = effects;
        this.roster = roster;
        this.rumours = rumours;
        this.nextSequence = firstSequence;
    }

    long nextSequence() {
        return nextSequence++;
    }

    void add(Effect effect) {
        effects.add(effect);
    }

    List<Effect> drain() {
        List<Effect> drained = List.copyOf(effects);
        effects.clear();
        return drained;
    }

    /** To where the member says it lives, which may be news to the roster. */
    void send(MemberInfo to, Function<List<Claim>, GossipMessage.Packet> packet) {
        send(Endpoint.of(to.address()), to.id(), packet);
    }

    /**
     * @param packet makes the packet with the given news; called with none first, to see what room they have
     */
    void send(Endpoint there, NodeId to, Function<List<Claim>, GossipMessage.Packet> packet) {
        add(new Effect.Send(there, packet.apply(news(to, packet))));
    }

    /** A ping whose ack matters only for the news that come with it. */
    void ping(Known known) {
        long sequence = nextSequence();
        send(known.info, claims -> new GossipMessage.Ping(roster.self(), sequence, known.info.id(), claims));
    }

    /** What fits beside the bare packet. An accused member learns first of what it is accused, so that it can refute. */
    List<Claim> news(NodeId to, Function<List<Claim>, ? extends GossipMessage> packet) {
        int room = GossipCodec.MAX_PACKET_BYTES - GossipCodec.packetBytes(packet.apply(List.of()));
        List<Claim> claims = new ArrayList<>();
        Known known = roster.find(to);
        if (known != null && known.info.state() != MemberState.ALIVE) {
            int bytes = GossipCodec.claimBytes(known.claim());
            if (bytes <= room) {
                room -= bytes;
                claims.add(known.claim());
            }
        }
        claims.addAll(rumours.take(room, roster.living(), to));
        return claims;
    }
}
