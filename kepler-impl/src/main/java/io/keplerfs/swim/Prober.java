package io.keplerfs.swim;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Probes one member per interval: directly, then through three others and over TCP, and accuses it if nobody got an answer. Does
 * the same for others that ask. Part of the {@link Detector}, which owns it.
 */
final class Prober {
    /** SWIM's k: at 5 % loss fewer than one probe in a thousand fails falsely, without TCP even. */
    private static final int RELAYS_PER_PROBE = 3;

    private final Roster roster;
    private final SwimTimings timings;
    private final Outbox outbox;
    private final Relays relays = new Relays();
    private final LocalHealth health;
    private final Set<Flaw> flaws;
    private final long intervalNanos;
    private @Nullable Probe probe;
    private long nextProbeNanos;

    Prober(Roster roster, SwimTimings timings, Outbox outbox, RandomGenerator random, Set<Flaw> flaws, long nowNanos) {
        this.flaws = flaws;
        health = new LocalHealth(flaws);
        this.roster = roster;
        this.timings = timings;
        this.outbox = outbox;
        intervalNanos = timings.probeInterval().toNanos();
        // Nodes that start together must not beat together.
        nextProbeNanos = nowNanos + random.nextLong(intervalNanos);
    }

    LocalHealth health() {
        return health;
    }

    Relays relays() {
        return relays;
    }

    /** Others' word against us, or a pause of ours: we are slow, and should accuse more slowly. */
    void feelWorse() {
        health.worse(1);
    }

    /** Whatever is under way has lost its meaning. */
    void abandon() {
        probe = null;
        relays.clear();
    }

    // ---- our own probes

    void advance(long nowNanos) {
        Probe current = probe;
        if (current != null && current.endNanos - nowNanos <= 0) {
            probe = null;
            failed(current, nowNanos);
        } else if (current != null && current.directEndNanos - nowNanos <= 0 && current.beginIndirect()) {
            askOthers(current, nowNanos);
        }
        if (probe == null && nextProbeNanos - nowNanos <= 0) {
            begin(nowNanos);
        }
    }

    private void begin(long nowNanos) {
        long roundNanos = intervalNanos * health.multiplier();
        nextProbeNanos = nowNanos + roundNanos;
        Known target = roster.nextToProbe();
        if (target != null) {
            long directNanos = timings.probeTimeout().toNanos() * health.multiplier();
            Probe next =
                    new Probe(target.info.id(), outbox.nextSequence(), nowNanos + directNanos, nowNanos + roundNanos);
            probe = next;
            outbox.send(
                    target.info,
                    claims -> new GossipMessage.Ping(roster.self(), next.sequence, next.target, claims),
                    nowNanos);
        }
    }

    /** Through three others, and over TCP in case only datagrams are lost. */
    private void askOthers(Probe current, long nowNanos) {
        Known target = roster.find(current.target);
        if (target == null || flaws.contains(Flaw.NO_INDIRECT_PROBES)) {
            return;
        }
        MemberInfo self = roster.self();
        int waitMillis = (int) Math.min(GossipCodec.MAX_WAIT_MILLIS, (current.endNanos - nowNanos) / 1_000_000);
        for (Known relay : roster.pick(RELAYS_PER_PROBE, known -> isRelayFor(current, known))) {
            current.asked++;
            outbox.send(
                    relay.info,
                    claims -> new GossipMessage.PingRequest(
                            self, current.sequence, current.target, target.info.address(), waitMillis, claims),
                    nowNanos);
        }
        List<Claim> accusation = target.info.state() == MemberState.ALIVE ? List.of() : List.of(target.claim(nowNanos));
        outbox.add(new Effect.Exchange(
                target.endpoint(), new GossipMessage.Ping(self, current.sequence, current.target, accusation)));
    }

    private static boolean isRelayFor(Probe current, Known known) {
        return known.info.state() == MemberState.ALIVE && !known.info.id().equals(current.target);
    }

    private void failed(Probe over, long nowNanos) {
        health.worse(over.illness());
        Known target = roster.find(over.target);
        if (target != null && target.isLiving()) {
            MemberInfo suspect = target.info.withState(MemberState.SUSPECT);
            roster.hear(
                    new Claim(suspect, roster.self().id()),
                    nowNanos,
                    "no answer to a probe, nor through " + over.asked + " others");
        }
    }

    void acknowledged(GossipMessage.Ack ack, long nowNanos) {
        if (probe != null && probe.isAbout(ack.sequence(), ack.target())) {
            probe = null;
            health.better();
            return;
        }
        Relays.Relay relay = relays.answered(ack.sequence(), ack.target());
        if (relay != null) {
            outbox.send(
                    relay.asker,
                    relay.askerId,
                    claims -> new GossipMessage.Ack(roster.self(), relay.askerSequence, relay.target, claims),
                    nowNanos);
        }
    }

    void refused(GossipMessage.Nack nack) {
        if (probe != null && probe.isAbout(nack.sequence(), nack.target())) {
            probe.nacks++;
        }
    }

    // ---- those of others

    void relay(GossipMessage.PingRequest ask, long nowNanos) {
        long sequence = outbox.nextSequence();
        if (relays.add(sequence, new Relays.Relay(ask, flaws.contains(Flaw.LATE_NACK), nowNanos))) {
            outbox.send(
                    Endpoint.of(ask.targetAddress()),
                    ask.target(),
                    claims -> new GossipMessage.Ping(roster.self(), sequence, ask.target(), claims),
                    nowNanos);
        }
    }

    void nackOverdueRelays(long nowNanos) {
        for (Relays.Relay relay : relays.all()) {
            if (!relay.nacked && relay.nackNanos - nowNanos <= 0) {
                relay.nacked = true;
                outbox.add(new Effect.Send(
                        relay.asker, new GossipMessage.Nack(roster.self(), relay.askerSequence, relay.target)));
            }
        }
        relays.forgetOver(nowNanos);
    }

    /** Time until something here is due, at most the given. */
    long waitNanos(long mostNanos, long nowNanos) {
        long wait = Math.min(mostNanos, nextProbeNanos - nowNanos);
        if (probe != null) {
            wait = Math.min(wait, probe.dueNanos() - nowNanos);
        }
        for (Relays.Relay relay : relays.all()) {
            wait = Math.min(wait, relay.dueNanos() - nowNanos);
        }
        return wait;
    }
}
