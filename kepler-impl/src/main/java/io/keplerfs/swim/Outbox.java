package io.keplerfs.swim;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** Collects the effects of one step of the {@link Detector}, and fills every packet with news up to its brim. */
final class Outbox {
    private final List<Effect> effects;
    private final Roster roster;
    private final Rumours rumours;
    private final boolean tellsAccused;
    private long nextSequence;

    /**
     * @param effects where the roster, too, puts its effects, so that their order is kept
     * @param firstSequence unpredictable, so that an ack cannot be guessed by somebody who has not seen the ping
     */
    Outbox(List<Effect> effects, Roster roster, Rumours rumours, long firstSequence, Set<Flaw> flaws) {
        this.effects = effects;
        this.roster = roster;
        this.rumours = rumours;
        this.nextSequence = firstSequence;
        tellsAccused = !flaws.contains(Flaw.NO_BUDDY_PING) && !flaws.contains(Flaw.NO_LIFEGUARD);
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
    void send(MemberInfo to, Function<List<Claim>, GossipMessage.Packet> packet, long nowNanos) {
        send(Endpoint.of(to.address()), to.id(), packet, nowNanos);
    }

    /**
     * @param packet makes the packet with the given news; called with none first, to see what room they have
     */
    void send(Endpoint there, NodeId to, Function<List<Claim>, GossipMessage.Packet> packet, long nowNanos) {
        add(new Effect.Send(there, packet.apply(news(to, packet, nowNanos))));
    }

    /** A ping whose ack matters only for the news that come with it. */
    void ping(Known known, long nowNanos) {
        long sequence = nextSequence();
        send(known.info, claims -> new GossipMessage.Ping(roster.self(), sequence, known.info.id(), claims), nowNanos);
    }

    /** What fits beside the bare packet. An accused member learns first of what it is accused, so that it can refute. */
    List<Claim> news(NodeId to, Function<List<Claim>, ? extends GossipMessage> packet, long nowNanos) {
        Known known = roster.find(to);
        boolean accused = known != null && known.info.state() != MemberState.ALIVE && tellsAccused;
        if (rumours.isEmpty() && !accused) {
            return List.of();
        }
        int room = GossipCodec.MAX_PACKET_BYTES - GossipCodec.packetBytes(packet.apply(List.of()));
        List<Claim> claims = new ArrayList<>();
        if (known != null && accused) {
            Claim accusation = known.claim(nowNanos);
            int bytes = GossipCodec.claimBytes(accusation);
            if (bytes <= room) {
                room -= bytes;
                claims.add(accusation);
            }
        }
        claims.addAll(rumours.take(room, roster.living(), to));
        return claims;
    }
}
