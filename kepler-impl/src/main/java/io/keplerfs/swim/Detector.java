package io.keplerfs.swim;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * The failure detector of one node in one cluster: SWIM (Das, Gupta, Motivala 2002) with Lifeguard (Dadgar, Phillips, Currey
 * 2018). A message or a tick goes in, effects come out; it has no clock, no thread, no socket, and is owned by one thread.
 *
 * <p>Every instant is of one monotonic clock in nanoseconds, that of the caller. Call {@link #tick} at {@link #wakeNanos} or soon
 * after it; a caller that comes much later has been paused, and then nobody is accused for not having answered meanwhile.
 *
 * <p>For maintainers: what is known lives in {@link Roster}, what is still to be told in {@link Rumours}, who is being probed
 * in {@link Prober}; this class decides what is heard and told, and when.
 */
final class Detector {
    private static final int GOSSIP_FANOUT = 3;

    /** From this size on states are compared before they are exchanged. */
    private static final int SMALLEST_COMPARED = 16;

    /** So many that have heard our good-bye will spread it. */
    private static final int GOODBYES_WANTED = 3;

    private final SwimTimings timings;
    private final Set<Flaw> flaws;
    private final Rumours rumours;
    private final Outbox outbox;
    private final Roster roster;
    private final Prober prober;

    private final long intervalNanos;
    private long nextGossipNanos;
    private long nextSyncNanos;
    private long lastSyncNanos;
    private long nextHousekeepingNanos;
    private long nextGoodbyeNanos;
    private final Set<NodeId> heardGoodbye = new HashSet<>();
    private long firstGoodbye;
    private boolean departed;
    private long wakeNanos;

    /**
     * @param flaws none, but for tests of the tests
     */
    Detector(MemberInfo self, SwimTimings timings, RandomGenerator random, Set<Flaw> flaws, long nowNanos) {
        this.flaws = flaws;
        this.timings = timings;
        List<Effect> effects = new ArrayList<>();
        rumours = new Rumours(flaws);
        roster = new Roster(self, timings, random, rumours, effects::add, flaws);
        outbox = new Outbox(effects, roster, rumours, random.nextLong(), flaws);
        prober = new Prober(roster, timings, outbox, random, flaws, nowNanos);
        intervalNanos = timings.probeInterval().toNanos();
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

    Roster roster() {
        return roster;
    }

    Rumours rumours() {
        return rumours;
    }

    Prober prober() {
        return prober;
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
        prober.nackOverdueRelays(nowNanos);
        if (isLeaving()) {
            sayGoodbye(nowNanos);
        } else {
            prober.advance(nowNanos);
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
            outbox.send(ping.sender(), claims -> ack(ping, claims), nowNanos);
        } else if (message instanceof GossipMessage.Ack ack) {
            // Acks of earlier probes are still on their way when a node leaves; those have not heard it yet.
            if (isLeaving() && ack.sequence() - firstGoodbye > 0) {
                heardGoodbye.add(ack.target());
            }
            prober.acknowledged(ack, nowNanos);
        } else if (message instanceof GossipMessage.PingRequest ask && !isLeaving()) {
            prober.relay(ask, nowNanos);
        } else if (message instanceof GossipMessage.Nack nack) {
            prober.refused(nack);
        } else if (message instanceof GossipMessage.CompareReply reply && reply.buckets() != 0 && !isLeaving()) {
            sync(Endpoint.of(reply.sender().address()), reply.buckets(), nowNanos);
        }
        return drain(nowNanos);
    }

    /** A request that came over a connection; an {@link Effect.Answer} is among the effects unless it is not for us. */
    List<Effect> answer(GossipMessage.Request request, long nowNanos) {
        forgiveIfPaused(nowNanos);
        hearAll(request, nowNanos);
        if (request instanceof GossipMessage.Ping ping && isForUs(ping.target())) {
            List<Claim> news = outbox.news(ping.sender().id(), none -> ack(ping, none), nowNanos);
            outbox.add(new Effect.Answer(ack(ping, news)));
        } else if (request instanceof GossipMessage.Sync sync) {
            outbox.add(new Effect.Answer(new GossipMessage.SyncReply(self(), roster.claims(sync.buckets(), nowNanos))));
        } else if (request instanceof GossipMessage.Compare compare) {
            long differing = roster.digest().differences(compare.sums());
            outbox.add(new Effect.Answer(new GossipMessage.CompareReply(self(), differing)));
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
        prober.abandon();
        return drain(nowNanos);
    }

    /** Begins the good-bye; {@link Effect.Departed} follows once, when enough others have heard it. */
    List<Effect> leave(long nowNanos) {
        if (!isLeaving()) {
            prober.abandon();
            roster.renew(self().withState(MemberState.LEFT), "leaving");
            nextGoodbyeNanos = nowNanos;
            firstGoodbye = outbox.nextSequence();
            sayGoodbye(nowNanos);
        }
        return drain(nowNanos);
    }

    // ---- time

    private void buryTheSilent(long nowNanos) {
        for (Known silent : roster.suspectsUntil(nowNanos)) {
            Claim death = new Claim(silent.info.withState(MemberState.DEAD), self().id());
            roster.become(silent, death, nowNanos, "suspected and did not refute in time");
        }
    }

    /** We have been paused: what was not answered meanwhile says nothing of the others. */
    private void forgiveIfPaused(long nowNanos) {
        long lateNanos = nowNanos - wakeNanos;
        if (lateNanos > intervalNanos && !flaws.contains(Flaw.PAUSE_NOT_FORGIVEN)) {
            prober.feelWorse();
            prober.abandon();
            roster.suspicions().forEach(suspicion -> suspicion.postpone(lateNanos));
            wakeNanos = nowNanos;
        }
    }

    // ---- hearing

    private void hearAll(GossipMessage message, long nowNanos) {
        boolean sync = message instanceof GossipMessage.Sync || message instanceof GossipMessage.SyncReply;
        hearSender(message.sender(), nowNanos);
        for (Claim claim : message.claims()) {
            if (sync) {
                hearOfFullState(claim, nowNanos);
            } else {
                hear(claim, nowNanos);
            }
        }
    }

    /**
     * A full state may be long out of date, after a partition above all: its dead get the chance to refute before they are
     * taken for dead here too. The dead we never knew are dead at once: to suspect them would keep them for alive.
     */
    private void hearOfFullState(Claim claim, long nowNanos) {
        NodeId id = claim.member().id();
        boolean dead = claim.member().state() == MemberState.DEAD;
        if (dead && !isForUs(id) && roster.find(id) == null) {
            roster.admitDead(claim, nowNanos);
        } else if (dead && !flaws.contains(Flaw.FULL_STATE_BURIES)) {
            hear(new Claim(claim.member().withState(MemberState.SUSPECT), claim.by()), nowNanos);
        } else {
            hear(claim, nowNanos);
        }
    }

    private void hearSender(MemberInfo sender, long nowNanos) {
        Known before = roster.find(sender.id());
        boolean wasDead = before != null && before.info.state() == MemberState.DEAD;
        hear(Claim.of(sender), nowNanos);
        boolean isBack = wasDead && isLiving(sender.id());
        // Its side of a partition may know what ours does not. Many come back at once then: one of them will do.
        if (isBack && !isLeaving() && nowNanos - lastSyncNanos >= intervalNanos) {
            syncWith(Endpoint.of(sender.address()), nowNanos);
        }
    }

    private void hear(Claim claim, long nowNanos) {
        if (isForUs(claim.member().id())) {
            hearOfSelf(claim);
        } else {
            roster.hear(claim, nowNanos, claim.isAccusation() ? "accused by " + claim.by() : "says so itself");
        }
    }

    /** The last word about a member is its own: whatever is said against it, it outbids. */
    private void hearOfSelf(Claim claim) {
        MemberInfo said = claim.member();
        MemberInfo self = self();
        boolean against = said.state() != MemberState.ALIVE && said.incarnation() >= self.incarnation();
        boolean fromAnEarlierRun = said.state() == MemberState.ALIVE && said.incarnation() > self.incarnation();
        if (isLeaving() || !(against || fromAnEarlierRun) || flaws.contains(Flaw.NO_REFUTATION)) {
            return;
        }
        if (against) {
            prober.feelWorse();
        }
        long outbid = flaws.contains(Flaw.REFUTES_WITHOUT_RAISING)
                ? said.incarnation()
                : Math.min(GossipCodec.MAX_INCARNATION, said.incarnation() + 1);
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
            outbox.send(known.info, claims -> new GossipMessage.Gossip(self(), claims), nowNanos);
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
        partner.forEach(known -> compareWith(known.endpoint(), nowNanos));
    }

    private void compareWith(Endpoint there, long nowNanos) {
        // The sums are as long as a full state of ten.
        if (roster.living() < SMALLEST_COMPARED) {
            syncWith(there, nowNanos);
        } else {
            outbox.add(new Effect.Exchange(
                    there, new GossipMessage.Compare(self(), roster.digest().sums())));
        }
    }

    private void syncWith(Endpoint there, long nowNanos) {
        lastSyncNanos = nowNanos;
        sync(there, Digest.ALL, nowNanos);
    }

    private void sync(Endpoint there, long buckets, long nowNanos) {
        List<Claim> claims = roster.claims(buckets, nowNanos);
        outbox.add(new Effect.Exchange(there, new GossipMessage.Sync(self(), buckets, claims)));
    }

    /** Knocks at one of the dead per interval at most: half a cluster that is cut off costs no more than a probe. */
    private void keepHouse(long nowNanos) {
        if (nextHousekeepingNanos - nowNanos > 0) {
            return;
        }
        nextHousekeepingNanos = nowNanos + intervalNanos;
        roster.reap(nowNanos);
        if (!flaws.contains(Flaw.DEAD_NOT_RETRIED)) {
            roster.deadToRetry(nowNanos).ifPresent(dead -> {
                roster.retryLater(dead, nowNanos);
                outbox.ping(dead, nowNanos);
            });
        }
    }

    private void sayGoodbye(long nowNanos) {
        int wanted = Math.min(GOODBYES_WANTED, roster.living() - 1);
        if (heardGoodbye.size() >= wanted) {
            if (!departed) {
                departed = true;
                outbox.add(new Effect.Departed());
            }
        } else if (nextGoodbyeNanos - nowNanos <= 0) {
            nextGoodbyeNanos = nowNanos + timings.probeTimeout().toNanos();
            for (Known known : roster.pick(
                    2 * GOODBYES_WANTED, known -> known.isLiving() && !heardGoodbye.contains(known.info.id()))) {
                outbox.ping(known, nowNanos);
            }
        }
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
        return outbox.drain();
    }

    private long nextWake(long nowNanos) {
        long wait = intervalNanos;
        if (!isLeaving()) {
            wait = prober.waitNanos(Math.min(wait, nextSyncNanos - nowNanos), nowNanos);
            for (Suspicion suspicion : roster.suspicions()) {
                wait = Math.min(wait, suspicion.deadlineNanos() - nowNanos);
            }
        } else if (!departed) {
            wait = Math.min(wait, nextGoodbyeNanos - nowNanos);
        }
        if (!rumours.isEmpty() && roster.living() > 1) {
            wait = Math.min(wait, nextGossipNanos - nowNanos);
        }
        return nowNanos + Math.max(0, wait);
    }
}
