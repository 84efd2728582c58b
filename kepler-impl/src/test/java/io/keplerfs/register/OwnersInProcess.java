package io.keplerfs.register;

import io.keplerfs.loop.Loop;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport;
import io.keplerfs.spi.TransportException;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.WireReader;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/** Owners of every register in one process, asked by the first of them: encoded messages, but no network. */
final class OwnersInProcess implements AutoCloseable {
    private final ScheduledExecutorService thread = new ScheduledThreadPoolExecutor(1);
    private final Map<NodeId, Port> ports = new HashMap<>();
    private final Registers registers;

    OwnersInProcess(List<NodeId> ids, List<? extends Store> stores) {
        for (int i = 0; i < ids.size(); i++) {
            Port port = new Port(ids.get(i));
            ports.put(port.self, port);
            new AcceptorService(port, stores.get(i), new OneStage(), System::currentTimeMillis).start();
        }
        Loop loop = new OneThread();
        HybridClock clock = HybridClock.open(loop, stores.get(0), ids.get(0)).join();
        registers = new Registers(loop, port(ids.get(0)), clock, new AllOwn(ids));
    }

    private Port port(NodeId id) {
        return Objects.requireNonNull(ports.get(id), () -> "no node " + id);
    }

    Registers registers() {
        return registers;
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }

    private static final class OneStage implements StageGate {
        @Override
        public long stage(Store.Snapshot transaction) {
            return 1;
        }

        @Override
        public void peerIsAhead(NodeId peer, long stage) {}
    }

    private record AllOwn(List<NodeId> ids) implements Configurations {
        @Override
        public Configuration of(RegisterKey key) {
            return new Configuration(1, List.of(ids));
        }

        @Override
        public void peerIsAhead(NodeId peer, long stage) {}

        @Override
        public void peerIsBehind(NodeId peer, long stage) {}
    }

    private final class OneThread implements Loop {
        private final Random random = new Random(1);

        @Override
        public void execute(Runnable task) {
            thread.execute(task);
        }

        @Override
        public Timer schedule(Duration delay, Runnable task) {
            ScheduledFuture<?> due = thread.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
            return () -> due.cancel(false);
        }

        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public long wallMillis() {
            return System.currentTimeMillis();
        }

        @Override
        public RandomGenerator random() {
            return random;
        }
    }

    private final class Port implements Rpc {
        private final NodeId self;
        private final Map<Kind, Server> servers = new EnumMap<>(Kind.class);

        Port(NodeId self) {
            this.self = self;
        }

        @Override
        public NodeId self() {
            return self;
        }

        @Override
        public void serve(Kind kind, Server server) {
            servers.put(kind, server);
        }

        @Override
        public boolean reachable(NodeId node) {
            return ports.containsKey(node);
        }

        @Override
        public CompletableFuture<Message> call(NodeId to, Lane lane, Message request, Duration timeout) {
            CompletableFuture<Message> answer = new CompletableFuture<>();
            WireReader head = new WireReader(request.head().duplicate());
            int code = head.u8();
            port(to).servers.forEach((kind, server) -> {
                if (kind.code() == code) {
                    server.handle(self, head, ByteBuffer.allocate(0), new Answering(answer));
                }
            });
            return answer;
        }
    }

    private record Answering(CompletableFuture<Message> answer) implements Transport.Responder {
        @Override
        public void respond(Message response) {
            answer.complete(response);
        }

        @Override
        public void fail(String reason) {
            answer.completeExceptionally(TransportException.maybeDelivered(reason, null));
        }
    }
}
