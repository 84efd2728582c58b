package io.keplerfs.swim;

import io.keplerfs.spi.ClusterCard;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Membership;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A membership that runs: one thread owns {@link Detector} and {@link Greeter}, takes all events from one queue, does what they
 * ask for and calls the host. Packets and connections wait on threads of their own.
 */
final class SwimNode implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SwimNode.class);

    /** Packets that wait for the one thread; beyond it they are dropped, as a full socket buffer would. */
    private static final int MAX_WAITING_PACKETS = 4096;

    /** Events before the timers get their turn, so that a flood of packets cannot stop the probes. */
    private static final int EVENTS_PER_TURN = 256;

    /** How late a passed deadline may be noticed. */
    private static final long LONGEST_WAIT_NANOS = Duration.ofMillis(250).toNanos();

    private static final long CLOSE_NANOS = Duration.ofSeconds(5).toNanos();

    private final GossipPort port;
    private final Membership.Local local;
    private final Membership.Host host;
    private final LongSupplier nanoClock;
    private final Counters counters;
    private final Post post;
    private final Exchanges exchanges;
    private final Datagrams datagrams;
    private final Detector detector;
    private final Greeter greeter;
    private final BlockingQueue<Runnable> events = new LinkedBlockingQueue<>();
    private final AtomicInteger waitingPackets = new AtomicInteger();
    private final CompletableFuture<Void> departure = new CompletableFuture<>();
    private final List<Thread> threads;
    private boolean warnedOfCrowd;
    private boolean warnedOfTwin;
    private volatile List<MemberInfo> members;
    private volatile boolean closed;

    SwimNode(
            GossipPort port,
            Membership.Local local,
            Membership.Host host,
            LongSupplier nanoClock,
            Seal seal,
            Counters counters) {
        this.port = port;
        this.local = local;
        this.host = host;
        this.nanoClock = nanoClock;
        this.counters = counters;
        long now = nanoClock.getAsLong();
        SwimTimings timings = SwimTimings.of(local.probeInterval(), local.probeTimeout());
        detector = new Detector(local.self(), timings, local.random(), now);
        greeter = new Greeter(
                timings,
                local.self().id(),
                local.seeds().stream().map(Endpoint::parse).toList(),
                now);
        local.known().forEach(known -> greeter.met(known, now));
        members = detector.members();
        Addresses addresses = new Addresses(nanoClock);
        post = new Post(seal, counters);
        exchanges = new Exchanges(post, addresses, counters, nanoClock, local.threads());
        datagrams = new Datagrams(port.datagrams(), post, addresses, exchanges, counters);
        threads = List.of(
                local.threads().newThread(this::loop),
                local.threads().newThread(() -> datagrams.receive(this::received)),
                local.threads().newThread(() -> exchanges.serve(port.connections(), this::asked)));
    }

    void start() {
        threads.forEach(Thread::start);
    }

    List<MemberInfo> members() {
        return members;
    }

    void cardChanged() {
        events.add(() -> {
            enterCluster(host.card());
            greeter.hurry(nanoClock.getAsLong());
        });
    }

    CompletableFuture<Void> leave() {
        events.add(() -> carryOut(detector.leave(nanoClock.getAsLong())));
        return departure;
    }

    // ---- on the one thread

    private void loop() {
        safely(() -> {
            MemberInfo self = detector.self();
            tellHost(new Effect.Changed(self.state(), self, "this node"));
            enterCluster(host.card());
        });
        try {
            while (!closed) {
                Runnable event = events.poll(waitNanos(), TimeUnit.NANOSECONDS);
                for (int handled = 1; event != null; handled++) {
                    safely(event);
                    event = handled < EVENTS_PER_TURN ? events.poll() : null;
                }
                safely(this::tick);
            }
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
        }
    }

    private long waitNanos() {
        long now = nanoClock.getAsLong();
        long wait = Math.min(detector.wakeNanos() - now, greeter.wakeNanos(now) - now);
        return Math.max(0, Math.min(wait, LONGEST_WAIT_NANOS));
    }

    private static void safely(Runnable event) {
        try {
            event.run();
        } catch (RuntimeException bug) {
            // The membership is the last thing that should die of it; what was lost will be repeated by the protocol.
            LOG.error("a membership event failed; going on", bug);
        }
    }

    private void tick() {
        long now = nanoClock.getAsLong();
        exchanges.closeOverdue(now);
        if (detector.wakeNanos() - now <= 0) {
            carryOut(detector.tick(now));
        }
        if (!isLeaving()) {
            boolean inCluster = post.cluster().isPresent();
            for (Endpoint there : greeter.due(inCluster, detector::isLiving, now)) {
                greet(there);
            }
        }
    }

    private void carryOut(List<Effect> effects) {
        if (effects.stream().anyMatch(Effect.Changed.class::isInstance)) {
            members = detector.members();
            warnIfFull();
        }
        effects.forEach(this::carryOut);
    }

    private void carryOut(Effect effect) {
        if (effect instanceof Effect.Send send) {
            datagrams.send(send.to(), post.write(send.packet()));
        } else if (effect instanceof Effect.Exchange exchange) {
            exchanges.ask(exchange.with(), post.write(exchange.request()), reply -> {
                if (reply != null) {
                    events.add(() -> hear(reply));
                }
            });
        } else if (effect instanceof Effect.Changed changed) {
            tellHost(changed);
        } else if (effect instanceof Effect.Departed) {
            departure.complete(null);
        }
        // Effect.Answer is for the one who asked: see asked().
    }

    private void warnIfFull() {
        if (members.size() > Roster.MAX_MEMBERS && !warnedOfCrowd) {
            warnedOfCrowd = true;
            LOG.warn(
                    "{} members are known, no more are admitted; without CLUSTER_SECRET anybody can invent them",
                    members.size());
        }
    }

    private void hear(Letter letter) {
        if (post.isForUs(letter)) {
            carryOut(detector.receive(letter.message(), nanoClock.getAsLong()));
        }
    }

    private void tellHost(Effect.Changed changed) {
        MemberInfo now = changed.now();
        LOG.info(
                "member {} ({} at {}) {} -> {}, incarnation {}: {}",
                now.label(),
                now.id(),
                Endpoint.of(now.address()),
                changed.before(),
                now.state(),
                now.incarnation(),
                changed.reason());
        safely(() -> host.memberChanged(changed.before(), now));
    }

    // ---- clusters

    private void enterCluster(ClusterCard card) {
        if (card.clusterId().equals(post.cluster())) {
            return;
        }
        LOG.info("gossip of {} enters cluster {}", local.self().label(), card.clusterId());
        long now = nanoClock.getAsLong();
        carryOut(detector.forgetOthers(now));
        post.enter(card.clusterId());
        greeter.hurry(now);
    }

    private void greet(Endpoint there) {
        Letter hello = post.write(new GossipMessage.Hello(detector.self(), host.card()));
        exchanges.ask(there, hello, reply -> events.add(() -> greeted(there, reply)));
    }

    private void greeted(Endpoint there, @Nullable Letter reply) {
        if (reply == null || !(reply.message() instanceof GossipMessage.HelloReply hello)) {
            greeter.failed(there);
            return;
        }
        long now = nanoClock.getAsLong();
        NodeId other = hello.sender().id();
        greeter.answered(there, other, now);
        meet(hello.sender(), hello.card());
        boolean sameCluster =
                post.cluster().isPresent() && post.cluster().equals(hello.card().clusterId());
        if (sameCluster && !isSelf(other) && !isLeaving() && !detector.isLiving(other)) {
            carryOut(detector.join(there, now));
        }
    }

    /** Both sides of a hello come here. */
    private void meet(MemberInfo other, ClusterCard theirs) {
        if (isSelf(other.id())) {
            warnIfTwin(other);
            return;
        }
        if (isLeaving()) {
            return;
        }
        ClusterCard ours = host.card();
        enterCluster(ours);
        greeter.met(other, nanoClock.getAsLong());
        if (ours.clusterId().isEmpty() || !theirs.clusterId().equals(ours.clusterId())) {
            safely(() -> host.clusterMet(other, theirs));
        }
    }

    private void warnIfTwin(MemberInfo other) {
        if (!other.address().equals(local.self().address()) && !warnedOfTwin) {
            warnedOfTwin = true;
            LOG.warn(
                    "{} at {} has the same node id as this node, {}: stop one of them, its data directory is a copy",
                    other.label(),
                    Endpoint.of(other.address()),
                    other.id());
        }
    }

    private boolean isSelf(NodeId id) {
        return id.equals(local.self().id());
    }

    private boolean isLeaving() {
        return detector.self().state() == MemberState.LEFT;
    }

    // ---- from other threads

    private void received(Letter packet) {
        if (waitingPackets.incrementAndGet() > MAX_WAITING_PACKETS) {
            waitingPackets.decrementAndGet();
            counters.overloaded.increment();
            return;
        }
        events.add(() -> {
            waitingPackets.decrementAndGet();
            hear(packet);
        });
    }

    private CompletableFuture<@Nullable Letter> asked(Letter letter) {
        CompletableFuture<@Nullable Letter> reply = new CompletableFuture<>();
        events.add(() -> {
            try {
                GossipMessage answer = answer(letter);
                reply.complete(answer == null ? null : post.write(answer));
            } finally {
                // If it failed: whoever waits must not wait for the deadline.
                reply.complete(null);
            }
        });
        return reply;
    }

    private GossipMessage.@Nullable Reply answer(Letter letter) {
        if (letter.message() instanceof GossipMessage.Hello hello) {
            return answerHello(hello);
        }
        boolean valid = post.isForUs(letter) && letter.message() instanceof GossipMessage.Request;
        return valid ? answer((GossipMessage.Request) letter.message()) : null;
    }

    private GossipMessage.@Nullable Reply answerHello(GossipMessage.Hello hello) {
        if (isLeaving()) {
            return null;
        }
        GossipMessage.Reply reply = new GossipMessage.HelloReply(detector.self(), host.card());
        meet(hello.sender(), hello.card());
        return reply;
    }

    private GossipMessage.@Nullable Reply answer(GossipMessage.Request request) {
        List<Effect> effects = detector.answer(request, nanoClock.getAsLong());
        carryOut(effects);
        return effects.stream()
                .filter(Effect.Answer.class::isInstance)
                .map(effect -> ((Effect.Answer) effect).reply())
                .findFirst()
                .orElse(null);
    }

    /** Idempotent. Waits for the threads, but for the one it is called on. */
    @Override
    public void close() {
        closed = true;
        port.close();
        exchanges.close();
        departure.complete(null);
        threads.forEach(Thread::interrupt);
        try {
            for (Thread thread : threads) {
                if (thread != Thread.currentThread()) {
                    thread.join(TimeUnit.NANOSECONDS.toMillis(CLOSE_NANOS));
                }
            }
            if (!exchanges.awaitEnd(CLOSE_NANOS)) {
                LOG.warn(
                        "gossip connections of {} did not end within 5 s of closing them",
                        local.self().label());
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
