package io.keplerfs.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Peer;
import io.keplerfs.spi.Transport;
import io.keplerfs.spi.TransportException;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Real transports on loopback for one test, with times short enough to wait for. */
final class TcpNodes implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(30);
    static final int BUDGET_BYTES = 16 << 20;
    static final Timing TIMING = new Timing(
            Duration.ofSeconds(1),
            Duration.ofSeconds(2),
            Duration.ofMillis(50),
            Duration.ofMillis(100),
            Duration.ofMillis(400),
            Duration.ofMillis(500),
            Duration.ofMinutes(5),
            Duration.ofMillis(300));

    static Timing greetingWithin(Duration greeting) {
        return new Timing(
                TIMING.connect(),
                greeting,
                TIMING.failFast(),
                TIMING.retry(),
                TIMING.deaf(),
                TIMING.stalled(),
                TIMING.idle(),
                TIMING.forgotten());
    }

    static Timing tryingAgainAfter(Duration pause) {
        return new Timing(
                TIMING.connect(),
                TIMING.greeting(),
                pause,
                pause,
                TIMING.deaf(),
                TIMING.stalled(),
                TIMING.idle(),
                TIMING.forgotten());
    }

    static Timing deafAfterAndIdleAfter(Duration deaf, Duration idle) {
        return new Timing(
                TIMING.connect(),
                TIMING.greeting(),
                TIMING.failFast(),
                TIMING.retry(),
                deaf,
                TIMING.stalled(),
                idle,
                TIMING.forgotten());
    }

    private final List<TcpTransport> transports = new ArrayList<>();
    private final List<Thread> threads = new CopyOnWriteArrayList<>();

    record Node(TcpTransport transport, Peer peer) {
        CompletableFuture<Message> call(Peer to, Lane lane, Message request) {
            return transport.call(to, lane, request, PATIENCE);
        }
    }

    Node start(Transport.Handler handler) throws IOException {
        return start(handler, TIMING);
    }

    Node start(Transport.Handler handler, Timing timing) throws IOException {
        TcpTransport transport = new TcpTransport(System::nanoTime, new SecureRandom(), timing, BUDGET_BYTES);
        transports.add(transport);
        NodeId id = new NodeId(UUID.randomUUID());
        int port = transport.start(new Transport.Local(id, "127.0.0.1", 0, "", this::newThread), handler);
        return new Node(transport, new Peer(id, "127.0.0.1", port));
    }

    private Thread newThread(Runnable role) {
        Thread thread = new Thread(role, "kepler-test-" + role);
        thread.setDaemon(true);
        threads.add(thread);
        return thread;
    }

    List<String> threadNames() {
        return threads.stream().filter(Thread::isAlive).map(Thread::getName).toList();
    }

    static void echo(NodeId from, Message request, Transport.Responder responder) {
        responder.respond(request);
    }

    static Message message(String words) {
        return Message.of(ByteBuffer.wrap(words.getBytes(StandardCharsets.UTF_8)));
    }

    static Message chunk(int bytes) {
        return new Message(ByteBuffer.wrap(new byte[] {1}), ByteBuffer.allocate(bytes));
    }

    static String words(CompletableFuture<Message> answer) {
        return StandardCharsets.UTF_8.decode(answer.join().head().duplicate()).toString();
    }

    static TransportException failureOf(CompletableFuture<Message> call) {
        Throwable thrown = catchThrowable(() -> call.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
        assertThat(thrown).isNotInstanceOf(TimeoutException.class).isNotNull();
        Throwable cause = thrown instanceof ExecutionException || thrown instanceof CompletionException
                ? thrown.getCause()
                : thrown;
        assertThat(cause).isInstanceOf(TransportException.class);
        return (TransportException) cause;
    }

    /** Closes all and proves that no thread is left. */
    @Override
    public void close() {
        transports.forEach(TcpTransport::close);
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(threadNames()).isEmpty());
    }
}
