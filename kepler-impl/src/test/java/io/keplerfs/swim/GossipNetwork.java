package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.sim.SimLoop;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Many production {@link Participant}s in one thread under the virtual time of a {@link SimLoop}, on a network that fails:
 * datagrams and connections carry really encoded, and if there is a secret really sealed, bytes. The same seed gives the same run.
 */
final class GossipNetwork {
    /** What some node came to believe of another, and when. */
    record Belief(long atNanos, NodeId observer, MemberState before, MemberInfo now, String reason) {}

    static final Optional<UUID> CLUSTER = Optional.of(new UUID(7, 7));

    private static final long CONNECT_NANOS = Duration.ofSeconds(2).toNanos();
    private static final long DEADLINE_NANOS = Duration.ofSeconds(10).toNanos();
    private static final long RETRANSMIT_NANOS = Duration.ofMillis(300).toNanos();
    private static final Duration WATCH_EVERY = Duration.ofSeconds(1);

    /** Per node; ten times what a storm of news needs. */
    private static final long MOST_EVENTS_PER_SECOND = 5_000;

    final SwimTimings timings;
    final List<Belief> beliefs = new ArrayList<>();

    /** Every life there ever was, in the order of their starts. */
    final List<GossipNode> lives = new ArrayList<>();

    final SplittableRandom random;
    private final long seed;
    private final SimLoop loop;
    private final GossipTrace trace = new GossipTrace();
    private final String secret;
    private final Set<Flaw> flaws;
    private final List<Invariant> invariants = new ArrayList<>();
    private final Map<Endpoint, GossipNode> byEndpoint = new HashMap<>();
    private final Map<String, String> names = new HashMap<>();
    private String replay = "";
    private boolean keepsBeliefs = true;
    private GossipWeather weather = GossipWeather.FINE;
    private BiPredicate<GossipNode, GossipNode> cut = (from, to) -> false;
    private BiPredicate<GossipNode, GossipNode> clog = (from, to) -> false;
    private long clogNanos;
    private long watchedNanos;
    private long paceNanos;
    private long events;

    GossipNetwork(long seed, SwimTimings timings) {
        this(seed, timings, "", Set.of());
    }

    GossipNetwork(long seed, SwimTimings timings, String secret, Set<Flaw> flaws) {
        this.seed = seed;
        this.timings = timings;
        this.secret = secret;
        this.flaws = flaws;
        loop = new SimLoop(seed);
        random = loop.fork();
    }

    /** @param command runs this seed again; goes into the message of a failure */
    GossipNetwork watchedBy(List<Invariant> more, String command) {
        invariants.addAll(more);
        replay = command.isEmpty() ? replay : command;
        return this;
    }

    /** For large runs: invariants hear of changes, nobody else. */
    GossipNetwork withoutBeliefs() {
        keepsBeliefs = false;
        return this;
    }

    // ---- what a test does to it

    GossipNode start(int number) {
        return start(Members.member(number), List.of());
    }

    GossipNode start(MemberInfo self, List<String> seeds) {
        return start(self, seeds, List.of());
    }

    /** A new life; whoever had its address before has lost it. */
    GossipNode start(MemberInfo self, List<String> seeds, List<MemberInfo> known) {
        Seal seal = new Seal(secret, new SeededNonces(loop.fork()));
        GossipNode node = new GossipNode(this, self, lives.size(), seeds, known, seal, loop.fork(), flaws);
        lives.add(node);
        byEndpoint.put(Endpoint.of(self.address()), node);
        trace("starts", node.number, node.number, self.hashCode(), self);
        node.begin();
        return node;
    }

    /** So many nodes; each joins through the first. */
    List<GossipNode> cluster(int size) {
        List<GossipNode> started = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            GossipNode node = start(i);
            started.add(node);
            node.join(started.get(0));
        }
        assertThat(runUntil(Duration.ofSeconds(60), () -> started.stream().allMatch(node -> node.sees(started))))
                .as("a cluster of %s forms", size)
                .isTrue();
        return started;
    }

    /** So many nodes that have known each other for long. */
    List<GossipNode> formed(int size, List<String> seeds) {
        List<MemberInfo> everybody = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            everybody.add(Members.member(i));
        }
        List<GossipNode> started = new ArrayList<>(size);
        for (MemberInfo self : everybody) {
            GossipNode node = start(self, seeds);
            node.detector.roster().presume(everybody, node.clockNanos());
            started.add(node);
        }
        return started;
    }

    void weather(GossipWeather newWeather) {
        weather = newWeather;
    }

    void lose(double share) {
        weather = GossipWeather.lossy(share);
    }

    /** Nothing passes from a to b any more where this says so. */
    void cut(BiPredicate<GossipNode, GossipNode> newCut) {
        cut = newCut;
    }

    /** Everything from a to b takes so much longer where this says so. */
    void clog(BiPredicate<GossipNode, GossipNode> newClog, Duration delay) {
        clog = newClog;
        clogNanos = delay.toNanos();
    }

    /** Where a name leads from now on; other hosts are addresses and lead to themselves. */
    void name(String host, String address) {
        names.put(host, address);
    }

    void heal() {
        cut = (from, to) -> false;
        clog = (from, to) -> false;
        weather = GossipWeather.FINE;
    }

    Duration now() {
        return Duration.ofNanos(loop.nowNanos());
    }

    long nowNanos() {
        return loop.nowNanos();
    }

    void run(Duration time) {
        runUntil(time, () -> false);
    }

    /** Whether it became true within the time. */
    boolean runUntil(Duration atMost, BooleanSupplier condition) {
        return loop.runUntil(
                () -> {
                    watch();
                    return condition.getAsBoolean();
                },
                atMost);
    }

    /** The same, for a condition that costs something: looks at it once per so much time. */
    boolean runUntil(Duration atMost, Duration every, BooleanSupplier condition) {
        long end = loop.nowNanos() + atMost.toNanos();
        while (!condition.getAsBoolean()) {
            if (loop.nowNanos() >= end) {
                return false;
            }
            run(every);
        }
        return true;
    }

    List<GossipNode> alive() {
        return lives.stream().filter(node -> node.up).toList();
    }

    List<Belief> deaths() {
        return beliefs.stream()
                .filter(belief -> belief.now.state() == MemberState.DEAD)
                .toList();
    }

    GossipTrace trace() {
        return trace;
    }

    void settled() {
        invariants.forEach(invariant -> invariant.settled(this));
    }

    /** Says what happened before it went wrong and how to see it again. */
    AssertionError fail(String what) {
        return new AssertionError(what + "\n  at " + GossipTrace.seconds(now()) + " of seed " + seed + "; again: "
                + replay + "\n  the last events (seconds, what, from, to):\n" + trace.tail());
    }

    private void watch() {
        events++;
        if (loop.nowNanos() - paceNanos >= WATCH_EVERY.toNanos()) {
            paceNanos = loop.nowNanos();
            events = 0;
        } else if (events > MOST_EVENTS_PER_SECOND * (1 + lives.size())) {
            throw fail(events + " events within a second: something goes in circles");
        }
        if (!invariants.isEmpty() && loop.nowNanos() - watchedNanos >= WATCH_EVERY.toNanos()) {
            watchedNanos = loop.nowNanos();
            lives.stream()
                    .filter(node -> node.up)
                    .forEach(node -> invariants.forEach(invariant -> invariant.watched(node)));
        }
    }

    // ---- for its nodes

    void at(long nanos, Runnable action) {
        loop.after(nanos - loop.nowNanos(), action);
    }

    void trace(String kind, int from, int to, long detail, Object about) {
        trace.record(loop.nowNanos(), kind, from, to, detail, about);
    }

    long checksum(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return crc.getValue();
    }

    void changed(GossipNode at, Effect.Changed change) {
        trace(
                "believes",
                at.number,
                at.number,
                change.hashCode() - change.reason().hashCode(),
                change);
        if (keepsBeliefs) {
            beliefs.add(new Belief(loop.nowNanos(), at.id, change.before(), change.now(), change.reason()));
        }
        invariants.forEach(invariant -> invariant.changed(at, change));
    }

    void send(GossipNode from, Effect.Send send) {
        byte[] bytes = from.pack(send.packet());
        invariants.forEach(invariant -> invariant.sent(from, send.packet(), bytes.length));
        carry(from, send.to(), bytes, from.sendsNanos() + delay());
        if (random.nextDouble() < weather.duplicates()) {
            carry(from, send.to(), bytes, from.sendsNanos() + delay());
        }
        if (random.nextDouble() < weather.replays()) {
            long later = random.nextLong(
                    Duration.ofMinutes(1).toNanos(), Duration.ofMinutes(10).toNanos());
            carry(from, send.to(), bytes, loop.nowNanos() + later);
        }
    }

    private void carry(GossipNode from, Endpoint there, byte[] bytes, long arrivesNanos) {
        if (random.nextDouble() < weather.loss()) {
            return;
        }
        byte[] damaged = damaged(bytes);
        // Without a seal the checksum of UDP finds the wrong bit, and the datagram is dropped.
        if (damaged != bytes && secret.isEmpty()) {
            return;
        }
        at(arrivesNanos + clogged(from, there), () -> {
            GossipNode to = whoIs(there);
            if (to != null && !cut.test(from, to)) {
                to.packet(damaged, from.number);
            }
        });
    }

    private byte[] damaged(byte[] bytes) {
        if (random.nextDouble() >= weather.flips()) {
            return bytes;
        }
        byte[] copy = bytes.clone();
        copy[random.nextInt(copy.length)] ^= (byte) (1 << random.nextInt(Byte.SIZE));
        return copy;
    }

    /** A connection: the asker hears of its end in any case, at its deadline at the latest. */
    void ask(GossipNode from, Effect.Exchange exchange) {
        byte[] bytes = from.pack(exchange.request());
        boolean[] over = {false};
        Supplier<Boolean> claim = () -> {
            boolean first = !over[0];
            over[0] = true;
            return first;
        };
        long begins = from.sendsNanos();
        at(begins + DEADLINE_NANOS, () -> {
            if (claim.get()) {
                from.reply(exchange, null, from.number);
            }
        });
        boolean reset = random.nextDouble() < weather.resets();
        at(begins + streamDelay() + clogged(from, exchange.with()), () -> {
            GossipNode to = whoIs(exchange.with());
            boolean silent = to != null && (cut.test(from, to) || cut.test(to, from));
            if (to != null && !silent && !reset) {
                to.request(bytes, from, exchange, claim);
            } else if (claim.get()) {
                at(loop.nowNanos() + (silent ? CONNECT_NANOS : delay()), () -> from.reply(exchange, null, from.number));
            }
        });
    }

    void answer(GossipNode by, GossipNode to, Effect.Exchange exchange, byte[] bytes, Supplier<Boolean> claim) {
        at(by.sendsNanos() + streamDelay() + clogged(by, Endpoint.of(to.self().address())), () -> {
            if (!cut.test(by, to) && claim.get()) {
                to.reply(exchange, bytes, by.number);
            }
        });
    }

    private @Nullable GossipNode whoIs(Endpoint there) {
        Endpoint resolved = names.isEmpty() || !names.containsKey(there.host())
                ? there
                : new Endpoint(names.get(there.host()), there.port());
        GossipNode node = byEndpoint.get(resolved);
        return node != null && node.up ? node : null;
    }

    private long delay() {
        return random.nextLong(weather.minDelay().toNanos(), weather.maxDelay().toNanos() + 1);
    }

    /** There and back to connect, then the bytes; what is lost is sent again, later and later. */
    private long streamDelay() {
        long nanos = 3 * delay();
        for (long again = RETRANSMIT_NANOS;
                random.nextDouble() < weather.loss() && nanos < DEADLINE_NANOS;
                again *= 2) {
            nanos += again;
        }
        return nanos;
    }

    private long clogged(GossipNode from, Endpoint there) {
        if (clogNanos == 0) {
            return 0;
        }
        GossipNode to = whoIs(there);
        return to != null && clog.test(from, to) ? clogNanos : 0;
    }
}
