package io.keplerfs.repair;

import io.keplerfs.loop.Loop;
import io.keplerfs.register.AcceptorService;
import io.keplerfs.register.HybridClock;
import io.keplerfs.register.Registers;
import io.keplerfs.register.StageGate;
import io.keplerfs.rpc.Kind;
import io.keplerfs.rpc.Rpc;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport;
import io.keplerfs.spi.TransportException;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.View;
import io.keplerfs.view.ViewMember;
import io.keplerfs.wire.WireReader;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/** Two owners of everything in one process, on their real stores: encoded messages, but no network. */
final class TwoOwners implements AutoCloseable {
    private final ScheduledThreadPoolExecutor thread = new ScheduledThreadPoolExecutor(1);
    private final Map<NodeId, Port> ports = new HashMap<>();
    private final Ownership ownership;
    private final Stages stages = new Stages();

    TwoOwners(Store a, Store b) {
        List<ViewMember> members = List.of(member(a, 1), member(b, 2));
        ownership = new Ownership(new View(new UUID(0, 7), 2, 1, members), Optional.empty(), Set.of());
        for (Store store : List.of(a, b)) {
            Port port = new Port(store.nodeId());
            ports.put(store.nodeId(), port);
            new AcceptorService(port, store, stages, System::currentTimeMillis).start();
            new DigestOwner(port, store, () -> Optional.of(ownership), stages, System::currentTimeMillis);
        }
    }

    private static ViewMember member(Store store, int number) {
        return new ViewMember(store.nodeId(), "n" + number, new NodeAddress("h", 0, 1, number), "", 1, false, 1);
    }

    /** What one owner does when it looks at the other. */
    Comparison comparison(Store mine, Store theirs) {
        Loop loop = new OneThread();
        Port port = port(mine.nodeId());
        HybridClock clock = HybridClock.open(loop, mine, mine.nodeId()).join();
        Registers registers = new Registers(loop, port, clock, new Everybody());
        Mending mending = new Mending(loop, mine, registers, stages, (chunk, pin) -> List.of());
        DigestCalls calls = calls(mine, theirs, ownership.stage());
        return new Comparison(
                loop, mine, calls, mending, new Comparison.Scope(ownership.stage(), all -> true, true, () -> true));
    }

    DigestCalls calls(Store mine, Store theirs, long stage) {
        return new DigestCalls(port(mine.nodeId()), theirs.nodeId(), stage);
    }

    private Port port(NodeId id) {
        return java.util.Objects.requireNonNull(ports.get(id));
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }

    private final class Stages implements StageGate {
        @Override
        public long stage(Store.Snapshot transaction) {
            return ownership.stage();
        }

        @Override
        public void peerIsAhead(NodeId peer, long stage) {}
    }

    private final class Everybody implements io.keplerfs.register.Configurations {
        @Override
        public io.keplerfs.register.Configuration of(RegisterKey key) {
            return new io.keplerfs.register.Configuration(
                    ownership.stage(), List.of(ownership.current().ring().owners(0)));
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
            return true;
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
