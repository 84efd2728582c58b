package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Many {@link Detector}s in one thread under virtual time: a queue of events ordered by time and sequence, one seed, messages
 * really written to bytes and parsed. The same seed gives the same run.
 */
final class GossipNetwork {
    /** What some node came to believe of another, and when. */
    record Belief(long atNanos, NodeId observer, MemberState before, MemberInfo now, String reason) {}

    final List<Belief> beliefs = new ArrayList<>();

    private final SwimTimings timings;
    private final Random random;
    private final Map<Endpoint, Node> byEndpoint = new HashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private final PriorityQueue<Event> events = new PriorityQueue<>(
            Comparator.<Event>comparingLong(event -> event.atNanos).thenComparingLong(e -> e.order));

    private long nowNanos;
    private long nextOrder;
    private double loss;
    private long minDelayNanos = Duration.ofMillis(1).toNanos();
    private long maxDelayNanos = Duration.ofMillis(5).toNanos();
    private BiPredicate<Node, Node> cut = (from, to) -> false;

    GossipNetwork(long seed, SwimTimings timings) {
        this.random = new Random(seed);
        this.timings = timings;
        // Somewhere in the middle of the range, as System.nanoTime is, and soon to overflow.
        this.nowNanos = Long.MAX_VALUE - Duration.ofMinutes(10).toNanos();
    }

    // ---- what a test does to it

    Node start(int number) {
        return start(Members.member(number));
    }

    Node start(MemberInfo self) {
        Node node = new Node(self);
        nodes.add(node);
        byEndpoint.put(Endpoint.of(self.address()), node);
        node.wakeLater();
        return node;
    }

    /** So many nodes; each joins through the first. */
    List<Node> cluster(int size) {
        List<Node> started = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            Node node = start(i);
            started.add(node);
            node.join(started.get(0));
        }
        assertThat(runUntil(Duration.ofSeconds(60), () -> started.stream().allMatch(node -> node.sees(started))))
                .as("a cluster of %s forms", size)
                .isTrue();
        return started;
    }

    void lose(double share) {
        loss = share;
    }

    void delay(Duration min, Duration max) {
        minDelayNanos = min.toNanos();
        maxDelayNanos = max.toNanos();
    }

    /** Nothing passes from a to b any more where this says so. */
    void cut(BiPredicate<Node, Node> newCut) {
        cut = newCut;
    }

    void heal() {
        cut = (from, to) -> false;
    }

    Duration now() {
        return Duration.ofNanos(nowNanos);
    }

    void run(Duration time) {
        runUntil(time, () -> false);
    }

    /** Whether it became true within the time. */
    boolean runUntil(Duration atMost, BooleanSupplier condition) {
        long end = nowNanos + atMost.toNanos();
        while (!condition.getAsBoolean()) {
            Event next = events.peek();
            if (next == null || next.atNanos - end > 0) {
                nowNanos = end;
                return condition.getAsBoolean();
            }
            events.remove();
            nowNanos = next.atNanos;
            next.action.run();
        }
        return true;
    }

    List<Belief> deaths() {
        return beliefs.stream()
                .filter(belief -> belief.now.state() == MemberState.DEAD)
                .toList();
    }

    // ---- inside

    private void at(long atNanos, Runnable action) {
        events.add(new Event(atNanos, nextOrder++, action));
    }

    private void deliver(Node from, Endpoint there, GossipMessage message, Consumer<Node> receiver) {
        if (random.nextDouble() >= loss) {
            long delay = minDelayNanos + (long) (random.nextDouble() * (maxDelayNanos - minDelayNanos));
            at(nowNanos + delay, () -> {
                Node to = byEndpoint.get(there);
                if (to != null && to.up && !cut.test(from, to)) {
                    receiver.accept(to);
                }
            });
        }
    }

    private static GossipMessage overTheWire(GossipMessage message) {
        return GossipCodec.decode(GossipCodec.encode(message));
    }

    private static final class Event {
        final long atNanos;
        final long order;
        final Runnable action;

        Event(long atNanos, long order, Runnable action) {
            this.atNanos = atNanos;
            this.order = order;
            this.action = action;
        }
    }

    /** One membership-only node. */
    final class Node {
        final Detector detector;
        final NodeId id;
        boolean up = true;
        boolean departed;
        private @Nullable Long pausedUntilNanos;

        Node(MemberInfo self) {
            id = self.id();
            detector = new Detector(self, timings, new Random(random.nextLong()), java.util.Set.of(), nowNanos);
        }

        void join(Node other) {
            if (other != this) {
                carryOut(detector.join(Endpoint.of(other.detector.self().address()), nowNanos));
            }
        }

        void leave() {
            carryOut(detector.leave(nowNanos));
        }

        void crash() {
            up = false;
        }

        /** Neither ticks nor hears for a while; what is sent to it waits, as in a socket buffer. */
        void pause(Duration time) {
            pausedUntilNanos = nowNanos + time.toNanos();
        }

        /** The same identity in a new process. */
        Node restart(long incarnation, NodeAddress address) {
            crash();
            MemberInfo old = detector.self();
            byEndpoint.remove(Endpoint.of(old.address()), this);
            return start(
                    new MemberInfo(id, old.label(), old.zone(), old.weight(), address, incarnation, MemberState.ALIVE));
        }

        void hear(GossipMessage message) {
            carryOut(detector.receive(overTheWire(message), nowNanos));
        }

        @Nullable
        MemberInfo view(Node other) {
            return detector.members().stream()
                    .filter(member -> member.id().equals(other.id))
                    .findFirst()
                    .orElse(null);
        }

        boolean believes(Node other, MemberState state) {
            MemberInfo seen = view(other);
            return seen != null && seen.state() == state;
        }

        boolean sees(List<Node> alive) {
            return alive.stream().allMatch(other -> believes(other, MemberState.ALIVE));
        }

        private void wakeLater() {
            at(detector.wakeNanos(), this::wake);
        }

        private void wake() {
            if (up && detector.wakeNanos() - nowNanos <= 0) {
                awake(() -> carryOut(detector.tick(nowNanos)));
            }
        }

        /** Now, or when the pause is over. */
        private void awake(Runnable action) {
            Long until = pausedUntilNanos;
            if (until != null && until - nowNanos > 0) {
                at(until, () -> awake(action));
            } else if (up) {
                action.run();
            }
        }

        private void carryOut(List<Effect> effects) {
            for (Effect effect : effects) {
                if (effect instanceof Effect.Send send) {
                    GossipMessage packet = overTheWire(send.packet());
                    assertThat(GossipCodec.packetBytes(packet)).isLessThanOrEqualTo(GossipCodec.MAX_PACKET_BYTES);
                    deliver(
                            this,
                            send.to(),
                            packet,
                            to -> to.awake(() -> to.carryOut(to.detector.receive(packet, nowNanos))));
                } else if (effect instanceof Effect.Exchange exchange) {
                    GossipMessage.Request request = (GossipMessage.Request) overTheWire(exchange.request());
                    deliver(this, exchange.with(), request, to -> to.awake(() -> to.answer(this, request)));
                } else if (effect instanceof Effect.Changed changed) {
                    beliefs.add(new Belief(nowNanos, id, changed.before(), changed.now(), changed.reason()));
                } else if (effect instanceof Effect.Departed) {
                    departed = true;
                }
            }
            wakeLater();
        }

        private void answer(Node asker, GossipMessage.Request request) {
            List<Effect> effects = detector.answer(request, nowNanos);
            carryOut(effects);
            for (Effect effect : effects) {
                if (effect instanceof Effect.Answer answer) {
                    GossipMessage reply = overTheWire(answer.reply());
                    deliver(
                            this,
                            Endpoint.of(asker.detector.self().address()),
                            reply,
                            to -> to.awake(() -> to.carryOut(to.detector.receive(reply, nowNanos))));
                }
            }
        }
    }
}
