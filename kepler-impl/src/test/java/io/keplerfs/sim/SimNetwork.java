package io.keplerfs.sim;

import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Transport;
import io.keplerfs.spi.TransportException;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.WireReader;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32;

/**
 * Carries real bytes between simulated nodes, and loses, delays, reorders and duplicates them. A node's calls to itself take no
 * network.
 */
public final class SimNetwork {
    /**
     * @param loss chance that one message, there or back, is lost
     * @param duplication chance that a request arrives twice
     * @param maxDelayMillis each message takes 0.1 ms to this
     * @param replay chance that a request arrives once more one to ten minutes later
     */
    public record Weather(double loss, double duplication, double maxDelayMillis, double replay) {
        public static final Weather FINE = new Weather(0, 0, 1);

        public Weather(double loss, double duplication, double maxDelayMillis) {
            this(loss, duplication, maxDelayMillis, 0);
        }
    }

    /** What happens to single messages on purpose, on top of the weather. */
    @FunctionalInterface
    public interface Courier {
        /** Lost on the way. */
        double LOST = -1;

        /** Milliseconds that the request takes longer, or {@link #LOST}. */
        double delayMillis(NodeId from, NodeId to, Kind kind);
    }

    private record Link(NodeId from, NodeId to) {}

    private final SimLoop world;
    private final SplittableRandom random;
    private final Map<NodeId, Port> ports = new HashMap<>();
    private final Set<Link> cut = new HashSet<>();
    private Weather weather;
    private Courier courier = (from, to, kind) -> 0;

    public SimNetwork(SimLoop world, Weather weather) {
        this.world = world;
        this.random = world.fork();
        this.weather = weather;
    }

    public void weather(Weather next) {
        weather = next;
    }

    public void courier(Courier next) {
        courier = next;
    }

    /** Attaches one life of a node; it replaces the life before. */
    public Rpc attach(NodeId id, SimProcess process) {
        Port port = new Port(id, process);
        ports.put(id, port);
        return port;
    }

    /** Cuts the link in this direction. */
    public void cut(NodeId from, NodeId to) {
        cut.add(new Link(from, to));
    }

    public void heal() {
        cut.clear();
    }

    private boolean isOpen(NodeId from, NodeId to) {
        return from.equals(to) || !cut.contains(new Link(from, to));
    }

    private void carry(NodeId from, NodeId to, int copies, double extraMillis, Runnable arrival) {
        for (int copy = 0; copy < copies; copy++) {
            boolean lost = extraMillis == Courier.LOST || random.nextDouble() < weather.loss();
            double delayMillis = random.nextDouble(0.1, Math.max(0.2, weather.maxDelayMillis())) + extraMillis;
            if (from.equals(to)) {
                world.after(0, arrival);
                return;
            }
            long delay = (long) (delayMillis * 1e6);
            if (!lost && isOpen(from, to)) {
                world.after(delay, arrival);
            }
        }
    }

    /** A copy, because sender and receiver must not share bytes. */
    private static ByteBuffer copy(ByteBuffer bytes) {
        byte[] taken = new byte[bytes.remaining()];
        bytes.duplicate().get(taken);
        return ByteBuffer.wrap(taken);
    }

    private static long checksum(ByteBuffer bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes.duplicate());
        return crc.getValue();
    }

    /** One life's way to the others. */
    private final class Port implements Rpc {
        private final NodeId id;
        private final SimProcess process;
        private final Map<Kind, Server> servers = new EnumMap<>(Kind.class);

        Port(NodeId id, SimProcess process) {
            this.id = id;
            this.process = process;
        }

        @Override
        public NodeId self() {
            return id;
        }

        @Override
        public void serve(Kind kind, Server server) {
            servers.put(kind, server);
        }

        @Override
        public boolean reachable(NodeId node) {
            Port port = ports.get(node);
            return port != null && !port.process.isDead() && isOpen(id, node);
        }

        @Override
        public CompletableFuture<Message> call(NodeId to, Lane lane, Message request, Duration timeout) {
            CompletableFuture<Message> answer = new CompletableFuture<>();
            if (!reachable(to)) {
                process.schedule(
                        Duration.ofNanos(100_000),
                        () -> answer.completeExceptionally(
                                TransportException.notDelivered("no connection to " + to, null)));
                return answer;
            }
            process.schedule(
                    timeout,
                    () -> answer.completeExceptionally(
                            TransportException.maybeDelivered("no answer within " + timeout.toMillis() + " ms", null)));
            ByteBuffer head = copy(request.head());
            ByteBuffer body = copy(request.body());
            int copies = random.nextDouble() < weather.duplication() ? 2 : 1;
            Runnable arrival = () -> {
                Port receiver = ports.get(to);
                if (receiver != null) {
                    receiver.process.whenAwake(() -> receiver.handle(this, copy(head), copy(body), answer));
                }
            };
            carry(id, to, copies, courier.delayMillis(id, to, kind(head)), arrival);
            if (weather.replay() > 0 && random.nextDouble() < weather.replay()) {
                world.after(random.nextLong(60, 600) * 1_000_000_000L, arrival);
            }
            return answer;
        }

        private void handle(Port caller, ByteBuffer head, ByteBuffer body, CompletableFuture<Message> answer) {
            Kind kind = kind(head);
            world.note(caller.id + " > " + id + " " + kind + " " + checksum(head));
            WireReader reader = new WireReader(head);
            reader.u8();
            Server server = Objects.requireNonNull(servers.get(kind), () -> "node " + id + " serves no " + kind);
            server.handle(caller.id, reader, body, new Transport.Responder() {
                private boolean answered;

                @Override
                public void respond(Message response) {
                    ByteBuffer back = copy(response.head());
                    send(() -> {
                        world.note(caller.id + " < " + id + " " + kind + " " + checksum(back));
                        answer.complete(new Message(copy(back), copy(response.body())));
                    });
                }

                @Override
                public void fail(String reason) {
                    send(() -> answer.completeExceptionally(TransportException.maybeDelivered(reason, null)));
                }

                private void send(Runnable arrival) {
                    process.whenAwake(() -> {
                        if (!answered) {
                            answered = true;
                            carry(id, caller.id, 1, 0, () -> caller.process.whenAwake(arrival));
                        }
                    });
                }
            });
        }
    }

    private static Kind kind(ByteBuffer head) {
        int code = head.get(head.position());
        for (Kind kind : Kind.values()) {
            if (kind.code() == code) {
                return kind;
            }
        }
        throw new IllegalArgumentException("no kind has the code " + code);
    }
}
