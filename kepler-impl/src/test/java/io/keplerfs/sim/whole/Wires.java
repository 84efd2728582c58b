package io.keplerfs.sim.whole;

import io.keplerfs.rpc.Kind;
import io.keplerfs.sim.SimLoop;
import io.keplerfs.sim.SimProcess;
import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Peer;
import io.keplerfs.spi.Transport;
import io.keplerfs.spi.TransportException;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.WireWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The network of a simulated cluster. As the contract of {@link Transport} says, a request arrives at most once; it may arrive
 * minutes after its caller has given up, its answer may get lost, and links break in either direction.
 */
final class Wires {
    /** A cut link is noticed by whoever uses it after so long. */
    private static final long NOTICED_NANOS = Duration.ofSeconds(2).toNanos();

    /** How the network is at the moment; drawn anew by the simulation. */
    static final class Weather {
        /** Chance that the connection breaks under a message, there or back. */
        double reset;
        /** Chance that a request is delivered long after everybody has given up. */
        double late;

        double maxDelayMillis = 1;

        void clear() {
            reset = 0;
            late = 0;
            maxDelayMillis = 1;
        }
    }

    private record Link(NodeId from, NodeId to) implements Comparable<Link> {
        @Override
        public int compareTo(Link other) {
            int byFrom = from.compareTo(other.from);
            return byFrom != 0 ? byFrom : to.compareTo(other.to);
        }
    }

    private final SimLoop world;
    private final Trace trace;
    private final Trouble trouble;
    private final Flaw flaw;
    private final SplittableRandom random;
    private final Map<NodeId, Wire> wires = new TreeMap<>();
    private final Map<Link, Long> cutSince = new TreeMap<>();
    private final Map<NodeId, Double> slowMillis = new TreeMap<>();
    final Weather weather = new Weather();
    long messages;

    Wires(SimLoop world, Trace trace, Trouble trouble, Flaw flaw) {
        this.world = world;
        this.trace = trace;
        this.trouble = trouble;
        this.flaw = flaw;
        this.random = world.fork();
    }

    void cut(NodeId from, NodeId to) {
        cutSince.putIfAbsent(new Link(from, to), world.nowNanos());
    }

    void slow(NodeId node, double millis) {
        slowMillis.put(node, millis);
    }

    void heal() {
        cutSince.clear();
        slowMillis.clear();
        weather.clear();
    }

    boolean isOpen(NodeId from, NodeId to) {
        return !cutSince.containsKey(new Link(from, to));
    }

    Transport of(NodeId id, SimProcess life) {
        return new Wire(id, life);
    }

    private long delayNanos(NodeId from, NodeId to, Message message) {
        double millis = random.nextDouble(0.05, 0.1 + weather.maxDelayMillis)
                + slowMillis.getOrDefault(from, 0.0) * random.nextDouble()
                + slowMillis.getOrDefault(to, 0.0) * random.nextDouble()
                + message.body().remaining() / 100_000.0;
        return (long) (millis * 1e6);
    }

    private static Message copy(Message message) {
        return new Message(copy(message.head()), copy(message.body()));
    }

    private static ByteBuffer copy(ByteBuffer bytes) {
        byte[] taken = new byte[bytes.remaining()];
        bytes.duplicate().get(taken);
        return ByteBuffer.wrap(taken);
    }

    private void note(NodeId from, NodeId to, String way, int kind, Message message) {
        messages++;
        CRC32C crc = new CRC32C();
        crc.update(message.head().duplicate());
        long sum = crc.getValue();
        int size = message.body().remaining();
        trace.note(
                sum * 31 + kind + size,
                () -> short4(from) + way + short4(to) + " " + name(kind) + " " + Long.toHexString(sum) + " +" + size);
    }

    static String short4(NodeId id) {
        return "n" + id.uuid().getLeastSignificantBits();
    }

    private static String name(int code) {
        for (Kind kind : Kind.values()) {
            if (kind.code() == code) {
                return kind.name();
            }
        }
        return "kind " + code;
    }

    /** One life's end of the wires. */
    private final class Wire implements Transport {
        private final NodeId id;
        private final SimProcess life;
        private @Nullable Handler handler;

        Wire(NodeId id, SimProcess life) {
            this.id = id;
            this.life = life;
        }

        @Override
        public int start(Local local, Handler requests) {
            handler = requests;
            wires.put(id, this);
            return 1;
        }

        @Override
        public void use(Keyring keys) {}

        @Override
        public boolean reachable(Peer peer) {
            Wire other = wires.get(peer.id());
            return other != null && !other.life.isDead() && !isNoticed(id, peer.id()) && !isNoticed(peer.id(), id);
        }

        private boolean isNoticed(NodeId from, NodeId to) {
            Long since = cutSince.get(new Link(from, to));
            return since != null && world.nowNanos() - since > NOTICED_NANOS;
        }

        @Override
        public CompletableFuture<Message> call(Peer peer, Lane lane, Message request, Duration timeout) {
            CompletableFuture<Message> answer = new CompletableFuture<>();
            if (!reachable(peer)) {
                life.schedule(Duration.ofNanos(100_000), () -> refuse(answer, request, false, "no connection"));
                return answer;
            }
            life.schedule(timeout, () -> {
                if (!answer.isDone()) {
                    refuse(answer, request, true, "no answer within " + timeout.toMillis() + " ms");
                }
            });
            Message sent = copy(request);
            NodeId to = peer.id();
            if (random.nextDouble() < weather.reset) {
                trouble.count("connections reset");
                life.schedule(Duration.ofMillis(random.nextInt(1, 400)), () -> refuse(answer, request, true, "reset"));
                if (random.nextBoolean()) {
                    return answer;
                }
            }
            long delay = delayNanos(id, to, sent);
            if (random.nextDouble() < weather.late) {
                trouble.count("requests minutes late");
                delay += random.nextLong(Duration.ofSeconds(90).toNanos());
            }
            world.after(delay, () -> arrive(to, sent, answer));
            return answer;
        }

        private void refuse(CompletableFuture<Message> answer, Message request, boolean maybe, String why) {
            if (flaw == Flaw.FAILED_CHUNK_COUNTED
                    && request.head().get(request.head().position()) == Kind.PIN.code()) {
                answer.complete(Message.of(new WireWriter().u8(1).toBuffer()));
            }
            answer.completeExceptionally(
                    maybe ? TransportException.maybeDelivered(why, null) : TransportException.notDelivered(why, null));
        }

        private void arrive(NodeId to, Message request, CompletableFuture<Message> answer) {
            Wire receiver = wires.get(to);
            if (receiver == null || receiver.life.isDead() || !isOpen(id, to)) {
                return;
            }
            Handler there = receiver.handler;
            receiver.life.execute(() -> {
                int kind = request.head().get(request.head().position());
                note(id, to, " > ", kind, request);
                if (there != null) {
                    there.handle(id, request, new Answer(receiver, answer, kind));
                }
            });
        }

        /** The way back to this caller. */
        private final class Answer implements Responder {
            private final Wire from;
            private final CompletableFuture<Message> answer;
            private final int kind;
            private boolean given;

            Answer(Wire from, CompletableFuture<Message> answer, int kind) {
                this.from = from;
                this.answer = answer;
                this.kind = kind;
            }

            @Override
            public void respond(Message response) {
                Message back = copy(response);
                give(back, () -> {
                    note(id, from.id, " < ", kind, back);
                    answer.complete(back);
                });
            }

            @Override
            public void fail(String reason) {
                give(
                        Message.of(ByteBuffer.allocate(0)),
                        () -> answer.completeExceptionally(TransportException.maybeDelivered(reason, null)));
            }

            private void give(Message response, Runnable arrival) {
                if (given || from.life.isDead()) {
                    return;
                }
                given = true;
                world.after(delayNanos(from.id, id, response), () -> {
                    if (isOpen(from.id, id)) {
                        life.execute(arrival);
                    }
                });
            }
        }

        @Override
        public void close() {
            life.kill();
        }
    }
}
