package io.keplerfs.swim;

import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Membership;
import io.keplerfs.values.Contact;
import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
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
 * A membership on real sockets: one thread owns the {@link Participant}, takes all events from one queue, carries out the effects
 * and calls the host. Packets and connections wait on threads of their own. Nothing is decided here.
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
    private final Seal seal;
    private final Post post;
    private final Exchanges exchanges;
    private final Datagrams datagrams;
    private final Participant participant;
    private final BlockingQueue<Runnable> events = new LinkedBlockingQueue<>();
    private final AtomicInteger waitingPackets = new AtomicInteger();
    private final CompletableFuture<Void> departure = new CompletableFuture<>();
    private final List<Thread> threads;
    private boolean warnedOfCrowd;
    private volatile List<MemberInfo> members;
    private volatile Map<NodeId, Known> index = Map.of();
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
        Addresses addresses = new Addresses(nanoClock);
        this.seal = seal;
        post = new Post(seal, new Refusals(counters, nanoClock));
        SwimTimings timings = SwimTimings.of(local.network(), local.probeInterval(), local.probeTimeout());
        participant = new Participant(local, timings, host::card, post, Set.of(), nanoClock.getAsLong());
        members = participant.members();
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

    Membership.Report report() {
        long now = nanoClock.getAsLong();
        Ledger ledger = participant.detector().ledger();
        Map<NodeId, Contact> contacts = new HashMap<>();
        index.forEach((id, each) -> each.contact(now).ifPresent(contact -> contacts.put(id, contact)));
        return new Membership.Report(ledger.localHealth, contacts, Measures.of(counters.snapshot(), ledger));
    }

    void use(Keyring keys) {
        seal.use(keys);
    }

    void cardChanged() {
        events.add(() -> carryOut(participant.cardChanged(nanoClock.getAsLong())));
    }

    CompletableFuture<Void> leave() {
        events.add(() -> carryOut(participant.leave(nanoClock.getAsLong())));
        return departure;
    }

    // ---- on the one thread

    private void loop() {
        safely(() -> carryOut(participant.begin(nanoClock.getAsLong())));
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
        long wait = participant.wakeNanos(now) - now;
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
        carryOut(participant.tick(now));
    }

    private void carryOut(List<Effect> effects) {
        if (effects.stream().anyMatch(Effect.Changed.class::isInstance)) {
            members = participant.members();
            index = participant.detector().roster().index();
            warnIfFull();
        }
        effects.forEach(this::carryOut);
    }

    private void carryOut(Effect effect) {
        if (effect instanceof Effect.Send send) {
            datagrams.send(send.to(), post.write(send.packet()));
        } else if (effect instanceof Effect.Exchange exchange) {
            exchanges.ask(
                    exchange.with(),
                    post.write(exchange.request()),
                    reply -> events.add(() -> carryOut(participant.replied(exchange, reply, nanoClock.getAsLong()))));
        } else if (effect instanceof Effect.Changed changed) {
            tellHost(changed);
        } else if (effect instanceof Effect.Entered entered) {
            LOG.info(
                    "gossip of {} enters cluster {}",
                    local.self().label(),
                    entered.cluster().map(UUID::toString).orElse("none"));
        } else if (effect instanceof Effect.Met met) {
            safely(() -> host.clusterMet(met.other(), met.card()));
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

    private void tellHost(Effect.Changed changed) {
        MemberInfo now = changed.now();
        LOG.info(
                "member {} ({} at {}) {}, incarnation {}: {}",
                now.label(),
                now.id(),
                Endpoint.of(now.address()),
                changed.before() == now.state() ? now.state() : changed.before() + " -> " + now.state(),
                now.incarnation(),
                changed.reason());
        safely(() -> host.memberChanged(changed.before(), now));
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
            carryOut(participant.receive(packet, nanoClock.getAsLong()));
        });
    }

    private CompletableFuture<@Nullable Letter> asked(Letter letter) {
        CompletableFuture<@Nullable Letter> reply = new CompletableFuture<>();
        events.add(() -> {
            try {
                List<Effect> effects = participant.answer(letter, nanoClock.getAsLong());
                effects.stream()
                        .filter(Effect.Answer.class::isInstance)
                        .findFirst()
                        .ifPresent(answer -> reply.complete(post.write(((Effect.Answer) answer).reply())));
                carryOut(effects);
            } finally {
                // If it got none, or failed: whoever waits must not wait for the deadline.
                reply.complete(null);
            }
        });
        return reply;
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
