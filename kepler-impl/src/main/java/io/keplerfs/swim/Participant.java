package io.keplerfs.swim;

import io.keplerfs.spi.ClusterCard;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Membership;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All that one node does as a member: a letter, a reply or a tick goes in, effects come out. It has no clock, no thread and no
 * socket, is owned by one thread, and is the same object on real sockets ({@link SwimNode}) and in the simulator.
 *
 * <p>Effects are to be carried out before the next event goes in: what is sent is written in the name of the cluster this node is
 * in now ({@link Post#write}).
 *
 * <p>For maintainers: {@link Detector} knows the members of our cluster, {@link Greeter} whom to say hello to beside them. This
 * class is the way from one to the other: a hello may lead into a cluster, and the cluster decides which letters count.
 */
final class Participant {
    private static final Logger LOG = LoggerFactory.getLogger(Participant.class);

    private final MemberInfo firstSelf;
    private final Supplier<ClusterCard> card;
    private final Post post;
    private final Detector detector;
    private final Greeter greeter;
    private final List<Effect> effects = new ArrayList<>();
    private boolean warnedOfTwin;

    /**
     * @param local its threads are not used
     * @param card what the host tells others now
     * @param flaws none, but for tests of the tests
     */
    Participant(
            Membership.Local local,
            SwimTimings timings,
            Supplier<ClusterCard> card,
            Post post,
            Set<Flaw> flaws,
            long nowNanos) {
        this.card = card;
        this.post = post;
        firstSelf = local.self();
        detector = new Detector(firstSelf, timings, local.random(), flaws, nowNanos);
        List<Endpoint> seeds = local.seeds().stream().map(Endpoint::parse).toList();
        greeter = new Greeter(timings, firstSelf.id(), seeds, nowNanos);
        local.known().forEach(known -> greeter.met(known, nowNanos));
    }

    List<MemberInfo> members() {
        return detector.members();
    }

    Detector detector() {
        return detector;
    }

    Greeter greeter() {
        return greeter;
    }

    /** When the next tick is due. */
    long wakeNanos(long nowNanos) {
        long detectorWait = detector.wakeNanos() - nowNanos;
        long greeterWait = isLeaving() ? detectorWait : greeter.wakeNanos(nowNanos) - nowNanos;
        return nowNanos + Math.min(detectorWait, greeterWait);
    }

    // ---- what goes in

    /** The first event. */
    List<Effect> begin(long nowNanos) {
        MemberInfo self = detector.self();
        effects.add(new Effect.Changed(self.state(), self, "this node"));
        enterCluster(card.get(), nowNanos);
        return drain();
    }

    List<Effect> tick(long nowNanos) {
        if (detector.wakeNanos() - nowNanos <= 0) {
            effects.addAll(detector.tick(nowNanos));
        }
        if (!isLeaving()) {
            boolean inCluster = post.cluster().isPresent();
            for (Endpoint there : greeter.due(inCluster, detector::isLiving, nowNanos)) {
                effects.add(new Effect.Exchange(there, new GossipMessage.Hello(detector.self(), card.get())));
            }
        }
        return drain();
    }

    /** A datagram. */
    List<Effect> receive(Letter letter, long nowNanos) {
        if (post.isForUs(letter)) {
            effects.addAll(detector.receive(letter.message(), nowNanos));
        }
        return drain();
    }

    /** A request that came over a connection; an {@link Effect.Answer} is among the effects if it gets one. */
    List<Effect> answer(Letter letter, long nowNanos) {
        if (letter.message() instanceof GossipMessage.Hello hello) {
            if (!isLeaving()) {
                effects.add(new Effect.Answer(new GossipMessage.HelloReply(detector.self(), card.get())));
                meet(hello.sender(), hello.card(), nowNanos);
            }
        } else if (post.isForUs(letter) && letter.message() instanceof GossipMessage.Request request) {
            effects.addAll(detector.answer(request, nowNanos));
        }
        return drain();
    }

    /**
     * An exchange is over. Every one must come here, or its address would not be greeted again.
     *
     * @param reply null if there was none, for whatever reason
     */
    List<Effect> replied(Effect.Exchange exchange, @Nullable Letter reply, long nowNanos) {
        if (exchange.request() instanceof GossipMessage.Hello) {
            greeted(exchange.with(), reply, nowNanos);
        } else if (reply != null && post.isForUs(reply)) {
            effects.addAll(detector.receive(reply.message(), nowNanos));
        }
        return drain();
    }

    /** The host's card is another now. */
    List<Effect> cardChanged(long nowNanos) {
        enterCluster(card.get(), nowNanos);
        greeter.hurry(nowNanos);
        return drain();
    }

    /** Begins the good-bye; {@link Effect.Departed} follows once, when enough others have heard it. */
    List<Effect> leave(long nowNanos) {
        effects.addAll(detector.leave(nowNanos));
        return drain();
    }

    // ---- clusters

    private void enterCluster(ClusterCard ours, long nowNanos) {
        if (ours.clusterId().equals(post.cluster())) {
            return;
        }
        effects.add(new Effect.Entered(ours.clusterId()));
        effects.addAll(detector.forgetOthers(nowNanos));
        post.enter(ours.clusterId());
        greeter.hurry(nowNanos);
    }

    private void greeted(Endpoint there, @Nullable Letter reply, long nowNanos) {
        if (reply == null || !(reply.message() instanceof GossipMessage.HelloReply hello)) {
            greeter.failed(there);
            return;
        }
        NodeId other = hello.sender().id();
        greeter.answered(there, other, nowNanos);
        meet(hello.sender(), hello.card(), nowNanos);
        boolean sameCluster =
                post.cluster().isPresent() && post.cluster().equals(hello.card().clusterId());
        if (sameCluster && !isSelf(other) && !isLeaving() && !detector.isLiving(other)) {
            effects.addAll(detector.join(there, nowNanos));
        }
    }

    /** Both sides of a hello come here. */
    private void meet(MemberInfo other, ClusterCard theirs, long nowNanos) {
        if (isSelf(other.id())) {
            warnIfTwin(other);
            return;
        }
        if (isLeaving()) {
            return;
        }
        ClusterCard ours = card.get();
        enterCluster(ours, nowNanos);
        greeter.met(other, nowNanos);
        if (ours.clusterId().isEmpty() || !theirs.clusterId().equals(ours.clusterId())) {
            effects.add(new Effect.Met(other, theirs));
        }
    }

    private void warnIfTwin(MemberInfo other) {
        if (!other.address().equals(firstSelf.address()) && !warnedOfTwin) {
            warnedOfTwin = true;
            LOG.warn(
                    "{} at {} has the same node id as this node, {}: stop one of them, its data directory is a copy",
                    other.label(),
                    Endpoint.of(other.address()),
                    other.id());
        }
    }

    private boolean isSelf(NodeId id) {
        return id.equals(firstSelf.id());
    }

    private boolean isLeaving() {
        return detector.self().state() == MemberState.LEFT;
    }

    private List<Effect> drain() {
        List<Effect> drained = List.copyOf(effects);
        effects.clear();
        return drained;
    }
}
