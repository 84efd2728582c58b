package io.keplerfs.swim;

import io.keplerfs.spi.ClusterCard;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Membership;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.Network;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** One life of one simulated node: the production {@link Participant} and {@link Post} on a simulated network and clock. */
final class GossipNode {
    final int number;
    final NodeId id;
    final Participant participant;
    final Detector detector;
    final Counters counters = new Counters();
    boolean up = true;
    boolean departed;

    /** Datagrams and streams, sent. */
    long bytesSent;

    /** How often and how long (by its own clock) it was paused. */
    int pauses;

    long pausedNanos;

    private final GossipNetwork network;
    private final Post post;
    private final MemberInfo first;
    private long clockOffsetNanos;
    private long resumesNanos;
    private long opensNanos;
    private long wakesNanos = Long.MAX_VALUE;
    private long wakeNumber;

    GossipNode(
            GossipNetwork network,
            MemberInfo self,
            int number,
            List<String> seeds,
            List<MemberInfo> known,
            Seal seal,
            RandomGenerator random,
            Set<Flaw> flaws) {
        this.network = network;
        this.number = number;
        first = self;
        id = self.id();
        post = new Post(seal, new Refusals(counters, network::nowNanos));
        // Somewhere else on each node, as System.nanoTime is, and soon to overflow.
        clockOffsetNanos = Long.MAX_VALUE - Duration.ofMinutes(10).toNanos() - random.nextLong(1L << 40);
        Membership.Local local = new Membership.Local(
                self,
                seeds,
                known,
                "",
                Network.LAN,
                network.timings.probeInterval(),
                network.timings.probeTimeout(),
                random,
                task -> {
                    throw new IllegalStateException("a simulated node has no threads");
                });
        ClusterCard card = new ClusterCard(GossipNetwork.CLUSTER, 1, true, 3);
        participant = new Participant(local, network.timings, () -> card, post, flaws, clockNanos());
        detector = participant.detector();
    }

    // ---- what a test does to it

    void begin() {
        step(() -> participant.begin(clockNanos()));
    }

    void join(GossipNode other) {
        if (other != this) {
            step(() -> detector.join(Endpoint.of(other.self().address()), clockNanos()));
        }
    }

    void leave() {
        step(() -> participant.leave(clockNanos()));
    }

    void crash() {
        up = false;
    }

    /** Neither ticks nor hears for a while; what is sent to it waits, as in a socket buffer. */
    void pause(Duration time) {
        resumesNanos = network.nowNanos() + time.toNanos();
        pauses++;
        pausedNanos += time.toNanos();
        network.trace("pause", number, number, time.toNanos(), time);
    }

    /** While it is paused: its clock goes on by so much more, or less, than the time that passes. */
    void skewClock(long nanos) {
        clockOffsetNanos += nanos;
        pausedNanos += nanos;
    }

    /** Ticks, but whatever it sends or is sent waits for so long: a slow member as in the Lifeguard paper, section V. */
    void block(Duration time) {
        opensNanos = network.nowNanos() + time.toNanos();
    }

    void unblock() {
        opensNanos = network.nowNanos();
    }

    /** The same identity in a new process. */
    GossipNode restart(long incarnation, NodeAddress address) {
        crash();
        MemberInfo old = self();
        return network.start(
                new MemberInfo(id, old.label(), old.zone(), old.weight(), address, incarnation, MemberState.ALIVE),
                List.of());
    }

    void hear(GossipMessage message) {
        step(() -> participant.receive(new Letter(GossipNetwork.CLUSTER, message), clockNanos()));
    }

    // ---- what a test asks it

    MemberInfo self() {
        return detector.self();
    }

    MemberInfo first() {
        return first;
    }

    long clockNanos() {
        return network.nowNanos() + clockOffsetNanos;
    }

    @Nullable
    MemberInfo view(GossipNode other) {
        return view(other.id);
    }

    @Nullable
    MemberInfo view(NodeId other) {
        if (other.equals(id)) {
            return self();
        }
        Known known = detector.roster().find(other);
        return known == null ? null : known.info;
    }

    boolean believes(GossipNode other, MemberState state) {
        MemberInfo seen = view(other);
        return seen != null && seen.state() == state;
    }

    boolean sees(List<GossipNode> alive) {
        return alive.stream().allMatch(other -> believes(other, MemberState.ALIVE));
    }

    boolean isLeaving() {
        return self().state() == MemberState.LEFT;
    }

    /** Not paused. */
    boolean isAwake() {
        return up && resumesNanos <= network.nowNanos();
    }

    // ---- for the network

    byte[] pack(GossipMessage message) {
        byte[] bytes = post.pack(post.write(message));
        bytesSent += bytes.length;
        return bytes;
    }

    /** When what it sends now goes on its way. */
    long sendsNanos() {
        return Math.max(opensNanos, network.nowNanos());
    }

    /** A datagram arrives. */
    void packet(byte[] bytes, int from) {
        awake(() -> {
            Letter letter = post.unpack(bytes, from);
            if (letter != null && letter.message() instanceof GossipMessage.Packet) {
                network.trace("hears", from, number, network.checksum(bytes), letter.message());
                step(() -> participant.receive(letter, clockNanos()));
            }
        });
    }

    /** A request arrives over a connection. */
    void request(byte[] bytes, GossipNode from, Effect.Exchange exchange, Supplier<Boolean> claim) {
        awake(() -> {
            Letter letter = post.unpack(bytes, from.number);
            if (letter != null && letter.message() instanceof GossipMessage.Request) {
                network.trace("asked", from.number, number, network.checksum(bytes), letter.message());
                List<Effect> effects = participant.answer(letter, clockNanos());
                for (Effect effect : effects) {
                    if (effect instanceof Effect.Answer answer) {
                        network.answer(this, from, exchange, pack(answer.reply()), claim);
                    }
                }
                carryOut(effects);
            }
        });
    }

    /** The outcome of an exchange; no bytes if there was no reply. */
    void reply(Effect.Exchange exchange, byte @Nullable [] bytes, int from) {
        awake(() -> {
            Letter opened = bytes == null ? null : post.unpack(bytes, from);
            Letter letter = opened != null && opened.message() instanceof GossipMessage.Reply ? opened : null;
            long checksum = bytes == null ? 0 : network.checksum(bytes);
            network.trace("replied", from, number, checksum, letter == null ? "-" : letter.message());
            step(() -> participant.replied(exchange, letter, clockNanos()));
        });
    }

    /** Now, or when it can. */
    private void awake(Runnable action) {
        long when = Math.max(resumesNanos, opensNanos);
        if (up && when > network.nowNanos()) {
            network.at(when, () -> awake(action));
        } else if (up) {
            action.run();
        }
    }

    private void step(Supplier<List<Effect>> event) {
        carryOut(event.get());
    }

    private void carryOut(List<Effect> effects) {
        for (Effect effect : effects) {
            if (effect instanceof Effect.Send send) {
                network.send(this, send);
            } else if (effect instanceof Effect.Exchange exchange) {
                network.ask(this, exchange);
            } else if (effect instanceof Effect.Changed changed) {
                network.changed(this, changed);
            } else if (effect instanceof Effect.Departed) {
                departed = true;
            }
        }
        wakeLater();
    }

    private void wakeLater() {
        long wakes = participant.wakeNanos(clockNanos()) - clockOffsetNanos;
        if (wakes < wakesNanos) {
            wakesNanos = wakes;
            long number = ++wakeNumber;
            network.at(wakes, () -> wake(number));
        }
    }

    private void wake(long alarm) {
        if (!up || alarm != wakeNumber) {
            return;
        }
        if (resumesNanos > network.nowNanos()) {
            network.at(resumesNanos, () -> wake(alarm));
            return;
        }
        wakesNanos = Long.MAX_VALUE;
        network.trace("ticks", this.number, this.number, alarm, "");
        step(() -> participant.tick(clockNanos()));
    }
}
