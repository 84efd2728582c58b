package io.keplerfs.tcp;

import static io.keplerfs.tcp.TcpNodes.PATIENCE;
import static io.keplerfs.tcp.TcpNodes.TIMING;
import static io.keplerfs.tcp.TcpNodes.chunk;
import static io.keplerfs.tcp.TcpNodes.failureOf;
import static io.keplerfs.tcp.TcpNodes.message;
import static io.keplerfs.tcp.TcpNodes.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Peers that fail in the middle of things, and what their callers are told. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BrokenPeersTest {
    private static final Duration SHORT = Duration.ofSeconds(1);

    private final TcpNodes nodes = new TcpNodes();
    private final BlockingQueue<Transport.Responder> held = new LinkedBlockingQueue<>();
    private TcpNodes.Node caller;
    private RawPeer raw;

    @BeforeEach
    void start() throws IOException {
        caller = nodes.start(TcpNodes::echo);
        raw = new RawPeer();
    }

    @AfterEach
    void stop() throws IOException {
        raw.close();
        nodes.close();
    }

    @Test
    void aPeerThatNeverReadsFailsItsCallsAndNoOthers() throws Exception {
        TcpNodes.Node healthy = nodes.start(TcpNodes::echo);
        TcpNodes.Node caller =
                nodes.start(TcpNodes::echo, TcpNodes.deafAfterAndIdleAfter(Duration.ofHours(1), TIMING.idle()));
        CompletableFuture<Message> stuck = caller.transport().call(raw.peer(), Lane.BULK, chunk(32 << 20), SHORT);
        SocketChannel connection = raw.welcome();

        CompletableFuture<Message> behind = caller.transport().call(raw.peer(), Lane.BULK, chunk(10), SHORT);
        assertThat(words(caller.call(healthy.peer(), Lane.BULK, message("other"))))
                .isEqualTo("other");

        assertThat(failureOf(stuck).maybeDelivered()).isTrue();
        assertThat(failureOf(behind).maybeDelivered()).isFalse();
        assertThat(words(caller.call(healthy.peer(), Lane.BULK, message("other"))))
                .isEqualTo("other");
        connection.close();
    }

    @Test
    void aConnectionCutInMidBodyFailsWhatWasBegunAndTheNextCallGoesOutOnANewOne() throws Exception {
        CompletableFuture<Message> cut = caller.call(raw.peer(), Lane.BULK, chunk(32 << 20));
        SocketChannel connection = raw.welcome();
        RawPeer.readFully(connection, 1 << 20);
        CompletableFuture<Message> waiting = caller.call(raw.peer(), Lane.BULK, message("next"));

        connection.close();

        assertThat(failureOf(cut).maybeDelivered()).isTrue();
        assertThat(caller.transport().reachable(raw.peer())).isFalse();
        answer(raw.welcome(), "welcome back");
        assertThat(words(waiting)).isEqualTo("welcome back");
        assertThat(caller.transport().reachable(raw.peer())).isTrue();
    }

    @Test
    void aPeerThatHearsButNeverAnswersIsCutOffAndUnreachable() throws Exception {
        CompletableFuture<Message> first = caller.transport().call(raw.peer(), Lane.CONTROL, message("?"), SHORT);
        SocketChannel connection = raw.welcome();

        assertThat(failureOf(first).maybeDelivered()).isTrue();
        await().atMost(PATIENCE).untilAsserted(() -> {
            failureOf(caller.transport().call(raw.peer(), Lane.CONTROL, message("?"), SHORT));
            assertThat(caller.transport().reachable(raw.peer())).isFalse();
        });
        assertThat(connection.read(ByteBuffer.allocate(10_000))).isPositive();
        assertThat(RawPeer.endsSilently(connection)).isTrue();
    }

    @Test
    void aPeerThatAnswersGarbageFailsTheCallAndIsCutOff() throws Exception {
        CompletableFuture<Message> call = caller.call(raw.peer(), Lane.CONTROL, message("?"));
        SocketChannel connection = raw.welcome();
        connection.write(ByteBuffer.allocate(FrameHeader.BYTES).put(0, (byte) 7));

        assertThat(failureOf(call)).hasMessageContaining("garbage");
        assertThat(failureOf(call).maybeDelivered()).isTrue();
    }

    @Test
    void aPeerThatAcceptsAndDoesNotGreetIsUnreachable() throws Exception {
        CompletableFuture<Message> call = caller.call(raw.peer(), Lane.CONTROL, message("?"));
        raw.accept();

        assertThat(failureOf(call).maybeDelivered()).isFalse();
        assertThat(failureOf(call)).hasMessageContaining("does not greet");
        assertThat(caller.transport().reachable(raw.peer())).isFalse();
    }

    @Test
    void afterAFailedConnectCallsFailAtOnceInsteadOfPilingUp() throws Exception {
        TcpNodes.Node patient = nodes.start(
                TcpNodes::echo,
                new Timing(
                        TIMING.connect(),
                        TIMING.greeting(),
                        Duration.ofHours(1),
                        Duration.ofHours(1),
                        TIMING.deaf(),
                        TIMING.stalled(),
                        TIMING.idle(),
                        TIMING.forgotten()));
        CompletableFuture<Message> first = patient.call(raw.peer(), Lane.CONTROL, message("?"));
        raw.accept().close();
        failureOf(first);
        await().atMost(PATIENCE).until(() -> !patient.transport().reachable(raw.peer()));

        CompletableFuture<Message> second = patient.call(raw.peer(), Lane.CONTROL, message("?"));

        assertThat(second).isCompletedExceptionally();
        assertThat(failureOf(second).maybeDelivered()).isFalse();
    }

    @Test
    void anUnreachablePeerIsTriedAgainWithoutBeingAsked() throws Exception {
        CompletableFuture<Message> first = caller.call(raw.peer(), Lane.BULK, message("?"));
        raw.accept().close();
        failureOf(first);

        raw.welcome();

        await().atMost(PATIENCE).until(() -> caller.transport().reachable(raw.peer()));
    }

    @Test
    void anUnusedConnectionIsClosedAndOpenedAgainOnDemand() throws Exception {
        TcpNodes.Node busy = nodes.start(
                TcpNodes::echo,
                new Timing(
                        TIMING.connect(),
                        TIMING.greeting(),
                        TIMING.failFast(),
                        TIMING.retry(),
                        TIMING.deaf(),
                        TIMING.stalled(),
                        Duration.ofMillis(200),
                        TIMING.forgotten()));

        for (int i = 0; i < 2; i++) {
            assertThat(words(busy.call(caller.peer(), Lane.CONTROL, message("hello"))))
                    .isEqualTo("hello");
            await().atMost(PATIENCE).until(() -> caller.transport().guests() == 0);
            assertThat(busy.transport().reachable(caller.peer())).isTrue();
        }
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(nodes.threadNames().stream().filter(name -> name.contains("tcp-call")))
                        .isEmpty());
    }

    @Test
    void bodiesBeingReceivedStayWithinTheBudgetOverAllPeers() throws Exception {
        TcpNodes.Node slow = nodes.start((from, request, responder) -> held.add(responder));
        List<CompletableFuture<Message>> calls = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            TcpNodes.Node one = nodes.start(TcpNodes::echo);
            for (int j = 0; j < 16; j++) {
                calls.add(one.call(slow.peer(), Lane.BULK, chunk(4 << 20)));
            }
        }

        long most = 0;
        for (int i = 0; i < calls.size(); i++) {
            Transport.Responder next = held.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(next).isNotNull();
            assertThat(held).hasSizeLessThan(TcpNodes.BUDGET_BYTES / (4 << 20));
            most = Math.max(most, slow.transport().bodyBytesInUse());
            next.respond(message("stored"));
        }

        assertThat(calls).allSatisfy(call -> assertThat(words(call)).isEqualTo("stored"));
        assertThat(most).isBetween(1L, (long) TcpNodes.BUDGET_BYTES);
        await().atMost(PATIENCE).until(() -> slow.transport().bodyBytesInUse() == 0);
    }

    @Test
    void requestsThatAreNeverAnsweredGiveTheirMemoryBackAfterTheirConnectionEnded() throws Exception {
        TcpNodes.Node forgetful = nodes.start((from, request, responder) -> held.add(responder));
        TcpNodes.Node visitor = nodes.start(TcpNodes::echo);
        CompletableFuture<Message> call = visitor.call(forgetful.peer(), Lane.BULK, chunk(4 << 20));
        Transport.Responder responder = held.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(forgetful.transport().bodyBytesInUse()).isEqualTo(4 << 20);

        visitor.transport().close();

        assertThat(failureOf(call).maybeDelivered()).isTrue();
        await().atMost(PATIENCE).until(() -> forgetful.transport().bodyBytesInUse() == 0);
        await().atMost(PATIENCE).until(() -> forgetful.transport().guests() == 0);
        responder.respond(message("too late"));
        assertThat(forgetful.transport().bodyBytesInUse()).isZero();
    }

    @Test
    void anAnswerMadeOfTheRequestsOwnBodyArrivesWhole() throws Exception {
        TcpNodes.Node echo = nodes.start(TcpNodes::echo);
        List<CompletableFuture<Message>> calls = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            byte[] body = new byte[1 << 20];
            Arrays.fill(body, (byte) i);
            calls.add(
                    caller.call(echo.peer(), Lane.BULK, new Message(message("x").head(), ByteBuffer.wrap(body))));
        }

        for (int i = 0; i < 16; i++) {
            byte[] body = new byte[1 << 20];
            calls.get(i).join().body().get(body);
            byte[] sent = new byte[1 << 20];
            Arrays.fill(sent, (byte) i);
            assertThat(Arrays.equals(body, sent)).as("body %s", i).isTrue();
        }
    }

    @Test
    void aCallItsCallerGaveUpIsNotSent() throws Exception {
        CompletableFuture<Message> large = caller.call(raw.peer(), Lane.BULK, chunk(32 << 20));
        SocketChannel connection = raw.welcome();
        RawPeer.readFully(connection, 1000);
        CompletableFuture<Message> queued = caller.call(raw.peer(), Lane.BULK, message("given up"));
        CompletableFuture<Message> next = caller.call(raw.peer(), Lane.BULK, message("wanted"));

        queued.cancel(false);
        large.cancel(false);

        SocketChannel again = raw.welcome();
        FrameReader reader = new FrameReader(again, Lane.BULK, () -> {});
        FrameHeader header = reader.next();
        assertThat(new String(reader.head(header), StandardCharsets.UTF_8)).isEqualTo("wanted");
        next.cancel(false);
    }

    @Test
    void anAnswerTooLargeForItsLaneArrivesAsAFailure() throws Exception {
        TcpNodes.Node verbose =
                nodes.start((from, request, responder) -> responder.respond(chunk(Transport.MAX_CONTROL_BYTES)));

        assertThat(failureOf(caller.call(verbose.peer(), Lane.CONTROL, message("?"))))
                .hasMessageContaining("at most " + Transport.MAX_CONTROL_BYTES);
    }

    /** Reads one request as a peer would and answers it. */
    private static void answer(SocketChannel connection, String words) throws IOException {
        FrameReader reader = new FrameReader(connection, Lane.BULK, () -> {});
        FrameHeader header = reader.next();
        reader.head(header);
        FrameWriter writer = new FrameWriter(connection, () -> {});
        writer.add(FrameHeader.Type.ANSWER, header.callId(), message(words));
        writer.flush();
    }
}
