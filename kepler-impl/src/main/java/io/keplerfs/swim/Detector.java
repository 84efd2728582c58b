package io.keplerfs.swim;

import io.keplerfs.MemberState;
import io.keplerfs.NodeId;
import io.keplerfs.spi.MemberInfo;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The failure detector of one node in one cluster: SWIM (Das, Gupta, Motivala 2002) with Lifeguard (Dadgar, Phillips, Currey
 * 2018). A message or a tick goes in, effects come out; it has no clock, no thread, no socket, and is owned by one thread.
 *
 * <p>Every instant is of one monotonic clock in nanoseconds, that of the caller. Call {@link #tick} at {@link #wakeNanos} or soon
 * after it; a caller that comes much later has been paused, and then nobody is accused for not having answered meanwhile.
 *
 * <p>For maintainers: what is known lives in {@link Roster}, what is still to be told in {@link Rumours}, what others asked of us
 * in {@link Relays}; this class holds the timers and the rules that connect them.
 */
final class Detector {
    /** SWIM's k: with three relays the odds of a false suspicion are below one in a thousand even at 30 % loss. */
    private static final int RELAYS_PER_PROBE = 3;

    private static final int GOSSIP_FANOUT = 3;

    /** So many that have heard our good-bye will spread it. */
    private static final int GOODBYES_WANTED = 3;

    private final SwimTimings timings;
    private final RandomGenerator random;
    private final List<Effect> effects = new ArrayList<>();
    private final Rumours rumours = new Rumours();
    private final Relays relays = new Relays();
    private final LocalHealth health = new LocalHealth();
    private final Roster roster;

    private final long intervalNanos;
    private long nextSequence;
    private @Nullable Probe probe;
    private long nextProbeNanos;
    private long nextGossipNanos;
    private long nextSyncNanos;
    private long lastSyncNanos;
    private long nextHousekeepingNanos;
    private long nextGoodbyeNanos;
    private final Set<NodeId> heardGoodbye = new HashSet<>();
    private boolean departed;
    private long wakeNanos;

    Detector(MemberInfo self, SwimTimings timings, RandomGenerator random, long nowNanos) {
        this.timings = timings;
        this.random = random;
        roster = new Roster(self, timings, random, rumours, effects::add);
        intervalNanos = timings.probeInterval().toNanos();
        // Unpredictable, so that an ack cannot be guessed by somebody who has not seen the ping.
        nextSequence = random.nextLong();
        // Nodes that start together must not beat together.
        nextProbeNanos = nowNanos + random.nextLong(intervalNanos);
        nextGossipNanos = nowNanos;
        nextSyncNanos = nowNanos + random.nextLong(timings.syncInterval().toNanos());
        lastSyncNanos = nowNanos - intervalNanos;
        nextHousekeepingNanos = nowNanos;
        wakeNanos = nowNanos;
    }

    MemberInfo self() {
        return roster.self();
    }

    List<MemberInfo> members() {
        return roster.members();
    }

    boolean isLiving(NodeId id) {
        Known known = roster.find(id);
        return known != null && known.isLiving();
    }

    /** When the next tick is due. */
    long wakeNanos() {
        return wakeNanos;
    }

    // ---- what goes in

    List<Effect> tick(long nowNanos) {
        forgiveIfPaused(nowNanos);
        nackOverdueRelays(nowNanos);
        if (isLeaving()) {
            sayGoodbye(nowNanos);
        } else {
            advanceProbe(nowNanos);
            buryTheSilent(nowNanos);
            syncWithSomebody(nowNanos);
            keepHouse(nowNanos);
        }
        gossip(nowNanos);
        return drain(nowNanos);
    }

    /** A datagram, or the reply to an {@link Effect.Exchange}. */
    List<Effect> receive(GossipMessage message, long nowNanos) {
        forgiveIfPaused(nowNanos);
        hearAll(message, nowNanos);
        if (message instanceof GossipMessage.Ping ping && isForUs(ping.target())) {
            send(ping.sender(), claims -> ack(ping, claims));
        } else if (message instanceof GossipMessage.Ack ack) {
            acknowledged(ack);
        } else if (message instanceof GossipMessage.PingRequest ask) {
            relay(ask, nowNanos);
        } else if (message instanceof GossipMessage.Nack nack && probe != null) {
            probe.nacks += probe.isAbout(nack.sequence(), nack.target()) ? 1 : 0;
        }
        return drain(nowNanos);
    }

    /** A request that came over a connection; an {@link Effect.Answer} is among the effects unless it is not for us. */
    List<Effect> answer(GossipMessage.Request request, long nowNanos) {
        forgiveIfPaused(nowNanos);
        hearAll(request, nowNanos);
        if (request instanceof GossipMessage.Ping ping && isForUs(ping.target())) {
            effects.add(new Effect.Answer(ack(ping, news(ping.sender().id(), none -> ack(ping, none)))));
        } else if (request instanceof GossipMessage.Sync) {
            effects.add(new Effect.Answer(new GossipMessage.SyncReply(self(), everything())));
        }
        return drain(nowNanos);
    }

    /** Somebody of our cluster lives there: exchange everything. */
    List<Effect> join(Endpoint there, long nowNanos) {
        syncWith(there, nowNanos);
        return drain(nowNanos);
    }

    /** This node has entered another cluster: its members are none of ours. */
    List<Effect> forgetOthers(long nowNanos) {
        roster.forgetAll("this node has changed its cluster");
        relays.clear();
        probe = null;
        return drain(nowNanos);
    }

    /** Begins the good-bye; {@link Effect.Departed} follows once, when enough others have heard it. */
    List<Effect> leave(long nowNanos) {
        if (!isLeaving()) {
            probe = null;
            roster.renew(self().withState(MemberState.LEFT), "leaving");
            nextGoodbyeNanos = nowNanos;
            sayGoodbye(nowNanos);
        }
        return drain(nowNanos);
    }

    // ---- probing

    private void advanceProbe(long nowNanos) {
        Probe current = probe;
        if (current != null && current.endNanos - nowNanos <= 0) {
            probe = null;
            probeFailed(current, nowNanos);
        } else if (current != null && current.directEndNanos - nowNanos <= 0 && current.beginIndirect()) {
            askOthers(current, nowNanos);
        }
        if (probe == null && nextProbeNanos - nowNanos <= 0) {
            beginProbe(nowNanos);
        }
    }

    private void beginProbe(long nowNanos) {
        long roundNanos = intervalNanos * health.multiplier();
        nextProbeNanos = nowNanos + roundNanos;
        Known target = roster.nextToProbe();
        if (target != null) {
            long directNanos = timings.probeTimeout().toNanos() * health.multiplier();
            Probe next = new Probe(
                    target.info.id(), nextSequence++, nowNanos + directNanos, nowNanos + roundNanos);
            probe = next;
            send(target.info, claims -> new GossipMessage.Ping(self(), next.sequence, next.target, claims));
        }
    }

    /** Through three others, and over TCP in case only datagrams are lost. */
    private void askOthers(Probe current, long nowNanos) {
        Known target = roster.find(current.target);
        if (target == null) {
            return;
        }
        int waitMillis =
                (int) Math.min(GossipCodec.MAX_WAIT_MILLIS, (current.endNanos - nowNanos) / 1_000_000);
        for (Known relay : roster.pick(RELAYS_PER_PROBE, known -> isRelayFor(current, known))) {
            current.asked++;
            send(
                    relay.info,
                    claims -> new GossipMessage.PingRequest(
                            self(), current.sequence, current.target, target.info.address(), waitMillis, claims));
        }
        effects.add(new Effect.Exchange(
                target.endpoint(),
                new GossipMessage.Ping(self(), current.sequence, current.target, List.of(target.claim()))));
    }

    private static boolean isRelayFor(Probe current, Known known) {
        return known.info.state() == MemberState.ALIVE && !known.info.id().equals(current.target);
    }

    private void probeFailed(Probe failed, long nowNanos) {
        health.worse(failed.illness());
        Known target = roster.find(failed.target);
        if (target != null && target.isLiving()) {
            Claim accusation = new Claim(target.info.withState(MemberState.SUSPECT), self().id());
            hearOfOther(accusation, nowNanos, "no answer to a probe, nor through " + failed.asked + " others");
        }
    }

    private void acknowledged(GossipMessage.Ack ack) {
        if (probe != null && probe.isAbout(ack.sequence(), ack.target())) {
            probe = null;
            health.better();
            return;
        }
        if (isLeaving()) {
            heardGoodbye.add(ack.target());
        }
        Relays.Relay relay = relays.answered(ack.sequence(), ack.target());
        if (relay != null) {
            send(
                    relay.asker,
                    relay.askerId,
                    claims -> new GossipMessage.Ack(self(), relay.askerSequence, relay.target, claims));
        }
    }

    private void relay(GossipMessage.PingRequest ask, long nowNanos) {
        long sequence = nextSequence++;
        if (!isLeaving() && relays.add(sequence, new Relays.Relay(ask, nowNanos))) {
            send(
                    Endpoint.of(ask.targetAddress()),
                    ask.target(),
                    claims -> new GossipMessage.Ping(self(), sequence, ask.target(), claims));
        }
    }

    private void nackOverdueRelays(long nowNanos) {
        for (Relays.Relay relay : relays.all()) {
            if (!relay.nacked && relay.nackNanos - nowNanos <= 0) {
                relay.nacked = true;
                effects.add(new Effect.Send(
                        relay.asker, new GossipMessage.Nack(self(), relay.askerSequence, relay.target)));
            }
        }
        relays.forgetOver(nowNanos);
    }

    private void buryTheSilent(long nowNanos) {
        for (Known silent : roster.suspectsUntil(nowNanos)) {
            Claim death = new Claim(silent.info.withState(MemberState.DEAD), self().id());
            roster.become(silent, death, nowNanos, "suspected and did not refute in time");
        }
    }

    /** We have been paused: what was not answered meanwhile says nothing of the others. */
    private void forgiveIfPaused(long nowNanos) {
        long lateNanos = nowNanos - wakeNanos;
        if (lateNanos > intervalNanos) {
            health.worse(1);
            probe = null;
            relays.clear();
            roster.suspicions().forEach(suspicion -> suspicion.postpone(lateNanos));
            wakeNanos = nowNanos;
        }
    }

    // ---- hearing

    private void hearAll(GossipMessage message, long nowNanos) {
        boolean sync = message instanceof GossipMessage.Sync || message instanceof GossipMessage.SyncReply;
        hearSender(message.sender(), nowNanos);
        for (Claim claim : message.claims()) {
            hear(sync ? suspectRather(claim) : claim, nowNanos);
        }
    }

    /**
     * A full state may be long out of date, after a partition above all: its dead get the chance to refute before they are
     * taken for dead here too.
     */
    private static Claim suspectRather(Claim claim) {
        return claim.member().state() == MemberState.DEAD
                ? new Claim(claim.member().withState(MemberState.SUSPECT), claim.by())
                : claim;
    }

    private void hearSender(MemberInfo sender, long nowNanos) {
        Known before = roster.find(sender.id());
        boolean wasDead = before != null && before.info.state() == MemberState.DEAD;
        hear(Claim.of(sender), nowNanos);
        boolean isBack = wasDead && isLiving(sender.id());
        // Ours and its side may know different halves. A healed partition brings many back at once: one of them will do.
        if (isBack && !isLeaving() && nowNanos - lastSyncNanos >= intervalNanos) {
            syncWith(Endpoint.of(sender.address()), nowNanos);
        }
    }

    private void hear(Claim claim, long nowNanos) {
        if (isForUs(claim.member().id())) {
            hearOfSelf(claim);
        } else {
            hearOfOther(claim, nowNanos, claim.isAccusation() ? "accused by " + claim.by() : "says so itself");
        }
    }

    private void hearOfOther(Claim claim, long nowNanos, String reason) {
        Known known = roster.find(claim.member().id());
        MemberState state = claim.member().state();
        if (known == null) {
            // The dead and the gone of others are not learned, or they would be handed around for ever.
            if (state == MemberState.ALIVE || state == MemberState.SUSPECT) {
                roster.admit(claim, nowNanos, "new");
            }
        } else if (claim.overrides(known.info)) {
            roster.become(known, claim, nowNanos, reason);
        } else if (state == MemberState.SUSPECT && claim.member().equals(known.info)) {
            roster.confirm(claim);
        }
    }

    /** The last word about a member is its own: whatever is said against it, it outbids. */
    private void hearOfSelf(Claim claim) {
        MemberInfo said = claim.member();
        MemberInfo self = self();
        boolean against = said.state() != MemberState.ALIVE && said.incarnation() >= self.incarnation();
        boolean fromAnEarlierRun = said.state() == MemberState.ALIVE && said.incarnation() > self.incarnation();
        if (isLeaving() || !(against || fromAnEarlierRun)) {
            return;
        }
        health.worse(against ? 1 : 0);
        long outbid = Math.min(GossipCodec.MAX_INCARNATION, said.incarnation() + 1);
        MemberInfo renewed = new MemberInfo(
                self.id(), self.label(), self.zone(), self.weight(), self.address(), outbid, MemberState.ALIVE);
        roster.renew(renewed, "refuting: called " + said.state() + " by " + claim.by());
    }

    // ---- telling

    private void gossip(long nowNanos) {
        if (nextGossipNanos - nowNanos > 0 || rumours.isEmpty()) {
            return;
        }
        nextGossipNanos = nowNanos + timings.gossipInterval().toNanos();
        for (Known known : roster.pick(GOSSIP_FANOUT, known -> known.isLiving() || diedRecently(known, nowNanos))) {
            send(known.info, claims -> new GossipMessage.Gossip(self(), claims));
        }
    }

    private boolean diedRecently(Known known, long nowNanos) {
        return known.info.state() == MemberState.DEAD
                && nowNanos - known.sinceNanos < timings.recentlyDead().toNanos();
    }

    private void syncWithSomebody(long nowNanos) {
        if (nextSyncNanos - nowNanos > 0) {
            return;
        }
        nextSyncNanos = nowNanos + timings.syncNanos(roster.living());
        List<Known> partner = roster.pick(1, known -> known.info.state() == MemberState.ALIVE);
        partner.forEach(known -> syncWith(known.endpoint(), nowNanos));
    }

    private void syncWith(Endpoint there, long nowNanos) {
        lastSyncNanos = nowNanos;
        effects.add(new Effect.Exchange(there, new GossipMessage.Sync(self(), everything())));
    }

    private List<Claim> everything() {
        return roster.others().stream().map(Known::claim).toList();
    }

    /**
     * Knocks at one of the dead per interval at most, so that half a cluster that is cut off costs no more than a probe.
     */
    private void keepHouse(long nowNanos) {
        if (nextHousekeepingNanos - nowNanos > 0) {
            return;
        }
        nextHousekeepingNanos = nowNanos + intervalNanos;
        roster.reap(nowNanos);
        for (Known dead : roster.pick(1, known -> isToBeRetried(known, nowNanos))) {
            dead.retryNanos = nowNanos + timings.deadRetry().toNanos();
            ping(dead);
        }
    }

    private static boolean isToBeRetried(Known known, long nowNanos) {
        return known.info.state() == MemberState.DEAD && known.retryNanos - nowNanos <= 0;
    }

    private void sayGoodbye(long nowNanos) {
        int wanted = Math.min(GOODBYES_WANTED, roster.living() - 1);
        if (heardGoodbye.size() >= wanted) {
            if (!departed) {
                departed = true;
                effects.add(new Effect.Departed());
            }
        } else if (nextGoodbyeNanos - nowNanos <= 0) {
            nextGoodbyeNanos = nowNanos + timings.probeTimeout().toNanos();
            for (Known known : roster.pick(
                    2 * GOODBYES_WANTED, known -> known.isLiving() && !heardGoodbye.contains(known.info.id()))) {
                ping(known);
            }
        }
    }

    /** A ping whose ack matters only for the news that come with it. */
    private void ping(Known known) {
        long sequence = nextSequence++;
        send(known.info, claims -> new GossipMessage.Ping(self(), sequence, known.info.id(), claims));
    }

    private void send(MemberInfo to, Function<List<Claim>, GossipMessage.Packet> packet) {
        send(Endpoint.of(to.address()), to.id(), packet);
    }

    private void send(Endpoint there, NodeId to, Function<List<Claim>, GossipMessage.Packet> packet) {
        effects.add(new Effect.Send(there, packet.apply(news(to, packet))));
    }

    /** What fits beside the bare packet. An accused member learns first of what it is accused, so that it can refute. */
    private List<Claim> news(NodeId to, Function<List<Claim>, ? extends GossipMessage> packet) {
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

    private GossipMessage.Ack ack(GossipMessage.Ping ping, List<Claim> claims) {
        return new GossipMessage.Ack(self(), ping.sequence(), self().id(), claims);
    }

    private boolean isForUs(NodeId id) {
        return id.equals(self().id());
    }

    private boolean isLeaving() {
        return self().state() == MemberState.LEFT;
    }

    private List<Effect> drain(long nowNanos) {
        wakeNanos = nextWake(nowNanos);
        List<Effect> out = List.copyOf(effects);
        effects.clear();
        return out;
    }

    private long nextWake(long nowNanos) {
        long wait = intervalNanos;
        if (!isLeaving()) {
            wait = Math.min(wait, Math.min(nextProbeNanos, nextSyncNanos) - nowNanos);
        } else if (!departed) {
            wait = Math.min(wait, nextGoodbyeNanos - nowNanos);
        }
        if (probe != null) {
            wait = Math.min(wait, probe.dueNanos() - nowNanos);
        }
        if (!rumours.isEmpty() && roster.living() > 1) {
            wait = Math.min(wait, nextGossipNanos - nowNanos);
        }
        for (Suspicion suspicion : roster.suspicions()) {
            wait = Math.min(wait, suspicion.deadlineNanos() - nowNanos);
        }
        for (Relays.Relay relay : relays.all()) {
            wait = Math.min(wait, relay.dueNanos() - nowNanos);
        }
        return nowNanos + Math.max(0, wait);
    }
}
