package io.keplerfs.spi.contract;

import static io.keplerfs.spi.contract.TransportNodes.PATIENCE;
import static io.keplerfs.spi.contract.TransportNodes.bytes;
import static io.keplerfs.spi.contract.TransportNodes.message;
import static io.keplerfs.spi.contract.TransportNodes.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Transport;
import io.keplerfs.spi.contract.TransportNodes.Node;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The part of {@link TransportContract} on calls that are answered, and on whose bytes are whose. */
abstract class TransportAnswers extends TransportCase {
    @ParameterizedTest
    @EnumSource(Lane.class)
    void anAnswerCarriesHeadAndBodyBack(Lane lane) throws Exception {
        Node server = nodes.start((from, request, responder) -> responder.respond(message(
                "answer to " + words(request),
                new byte[] {3, 2, 1, request.body().get()})));
        Node client = nodes.start(TransportNodes::echo);

        Message answer =
                client.call(server, lane, message("question", new byte[] {7})).join();

        assertThat(words(answer)).isEqualTo("answer to question");
        assertThat(bytes(answer.body())).containsExactly(3, 2, 1, 7);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65_537, 4 << 20, Transport.MAX_BODY_BYTES})
    void bodiesOfEverySizeTravelBothWaysOnTheBulkLane(int size) throws Exception {
        Node server = nodes.start(TransportNodes::echo);
        Node client = nodes.start(TransportNodes::echo);
        byte[] body = randomBytes(size);

        Message answer = client.call(server, Lane.BULK, message("chunk", body)).join();

        assertThat(words(answer)).isEqualTo("chunk");
        assertThat(Arrays.equals(bytes(answer.body()), body)).isTrue();
    }

    @Test
    void theLargestControlMessageTravelsBothWays() throws Exception {
        Node server = nodes.start(TransportNodes::echo);
        Node client = nodes.start(TransportNodes::echo);
        byte[] head = randomBytes(Transport.MAX_CONTROL_BYTES - 1000);
        byte[] body = randomBytes(1000);

        Message answer = client.call(server, Lane.CONTROL, new Message(ByteBuffer.wrap(head), ByteBuffer.wrap(body)))
                .join();

        assertThat(Arrays.equals(bytes(answer.head()), head)).isTrue();
        assertThat(Arrays.equals(bytes(answer.body()), body)).isTrue();
    }

    @Test
    void theLargestHeadTravelsBothWays() throws Exception {
        Node server = nodes.start(TransportNodes::echo);
        Node client = nodes.start(TransportNodes::echo);
        byte[] head = randomBytes(Transport.MAX_HEAD_BYTES);

        Message answer = client.call(server, Lane.BULK, Message.of(ByteBuffer.wrap(head)))
                .join();

        assertThat(Arrays.equals(bytes(answer.head()), head)).isTrue();
    }

    @Test
    void aMessageBeyondItsLimitIsNotSent() throws Exception {
        AtomicInteger handled = new AtomicInteger();
        Node server = nodes.start((from, request, responder) -> {
            handled.incrementAndGet();
            TransportNodes.echo(from, request, responder);
        });
        Node client = nodes.start(TransportNodes::echo);
        byte[] head = {1};

        Message tooMuchControl = new Message(ByteBuffer.wrap(head), ByteBuffer.allocate(Transport.MAX_CONTROL_BYTES));
        Message tooLongHead = Message.of(ByteBuffer.allocate(Transport.MAX_HEAD_BYTES + 1));
        Message tooLongBody = new Message(ByteBuffer.wrap(head), ByteBuffer.allocate(Transport.MAX_BODY_BYTES + 1));
        assertThat(catchThrowable(
                        () -> client.call(server, Lane.CONTROL, tooMuchControl).join()))
                .isNotNull();
        assertThat(catchThrowable(
                        () -> client.call(server, Lane.BULK, tooLongHead).join()))
                .isNotNull();
        assertThat(catchThrowable(
                        () -> client.call(server, Lane.BULK, tooLongBody).join()))
                .isNotNull();

        assertThat(words(client.ask(server, "still there").join())).isEqualTo("still there");
        assertThat(handled).hasValue(1);
    }

    @ParameterizedTest
    @EnumSource(Lane.class)
    void onlyWhatLiesBetweenPositionAndLimitTravels(Lane lane) throws Exception {
        Node server = nodes.start((from, request, responder) -> responder.respond(new Message(
                ByteBuffer.wrap(words(request).concat("!!").getBytes(StandardCharsets.UTF_8), 2, 4),
                ByteBuffer.wrap(
                        new byte[] {9, request.body().get(), request.body().get(), 9}, 1, 2))));
        Node client = nodes.start(TransportNodes::echo);
        Message request = new Message(
                ByteBuffer.wrap("(pick me)".getBytes(StandardCharsets.UTF_8), 1, 7),
                ByteBuffer.wrap(new byte[] {9, 5, 6, 9}, 1, 2).slice());

        Message answer = client.call(server, lane, request).join();

        assertThat(words(answer)).isEqualTo("ck m");
        assertThat(bytes(answer.body())).containsExactly(5, 6);
    }

    @Test
    void theHandlerLearnsWhoAsksAndRunsOnAThreadOfTheTransport() throws Exception {
        Queue<Thread> ran = new ConcurrentLinkedQueue<>();
        Node server = nodes.start((from, request, responder) -> {
            ran.add(Thread.currentThread());
            responder.respond(message(from.toString()));
        });
        Node one = nodes.start(TransportNodes::echo);
        Node other = nodes.start(TransportNodes::echo);

        assertThat(words(one.ask(server, "?").join())).isEqualTo(one.peer().id().toString());
        assertThat(words(other.call(server, Lane.BULK, message("?")).join()))
                .isEqualTo(other.peer().id().toString());
        assertThat(ran).hasSize(2).allMatch(server.threads()::made);
    }

    @Test
    void anAnswerMayComeLaterAndFromAnyThread() throws Exception {
        List<Transport.Responder> waiting = new ArrayList<>();
        CountDownLatch both = new CountDownLatch(2);
        Node server = nodes.start((from, request, responder) -> {
            synchronized (waiting) {
                waiting.add(responder);
            }
            both.countDown();
        });
        Node client = nodes.start(TransportNodes::echo);

        CompletableFuture<Message> control = client.call(server, Lane.CONTROL, message("a"));
        CompletableFuture<Message> bulk = client.call(server, Lane.BULK, message("b"));
        assertThat(both.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(control).isNotDone();
        waiting.forEach(responder -> responder.respond(message("from the test")));

        assertThat(words(control.join())).isEqualTo("from the test");
        assertThat(words(bulk.join())).isEqualTo("from the test");
    }

    @Test
    void theFirstAnswerWinsAndLaterOnesDoNothing() throws Exception {
        Node server = nodes.start((from, request, responder) -> {
            responder.respond(message("first"));
            responder.respond(message("second"));
            responder.fail("third");
        });
        Node client = nodes.start(TransportNodes::echo);

        for (int i = 0; i < 100; i++) {
            assertThat(words(client.ask(server, "?").join())).isEqualTo("first");
        }
    }

    @Test
    void aHandlerMayCallBackWhileItsCallerWaits() throws Exception {
        CompletableFuture<Node> client = new CompletableFuture<>();
        CompletableFuture<Node> server = new CompletableFuture<>();
        server.complete(nodes.start((from, request, responder) -> server.join()
                .ask(client.join(), "who is there")
                .thenAccept(answer -> responder.respond(message("I heard: " + words(answer))))));
        client.complete(nodes.start((from, request, responder) -> responder.respond(message("me"))));

        assertThat(words(client.join().ask(server.join(), "knock").join())).isEqualTo("I heard: me");
    }

    @Test
    void manyCallsAtOnceEachGetTheirOwnAnswerAndAreHandledOnce() throws Exception {
        Map<String, AtomicInteger> handled = new ConcurrentHashMap<>();
        Node server = nodes.start((from, request, responder) -> {
            handled.computeIfAbsent(words(request), first -> new AtomicInteger())
                    .incrementAndGet();
            TransportNodes.echo(from, request, responder);
        });
        Node client = nodes.start(TransportNodes::echo);

        for (int round = 0; round < 20; round++) {
            List<CompletableFuture<Message>> answers = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                Lane lane = i % 5 == 0 ? Lane.BULK : Lane.CONTROL;
                answers.add(client.call(server, lane, message(round + "/" + i, new byte[i])));
            }
            for (int i = 0; i < 50; i++) {
                assertThat(words(answers.get(i).join())).isEqualTo(round + "/" + i);
                assertThat(answers.get(i).join().body().remaining()).isEqualTo(i);
            }
        }

        assertThat(handled)
                .hasSize(1000)
                .allSatisfy((request, times) -> assertThat(times).hasValue(1));
    }

    // ---- whose bytes

    @Test
    void aRequestIsNeverReadAgainOnceItsFutureIsDone() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        Queue<String> torn = new ConcurrentLinkedQueue<>();
        Node server = nodes.start((from, request, responder) -> {
            awaitGate(gate);
            byte[] body = bytes(request.body());
            for (byte each : body) {
                if (each != request.head().get(0)) {
                    torn.add("body of " + request.head().get(0) + " holds " + each);
                    break;
                }
            }
            responder.respond(message("done"));
        });
        Node client = nodes.start(TransportNodes::echo);
        byte[] head = new byte[1];
        byte[] body = new byte[8 << 20];

        for (byte pattern = 1; pattern <= 4; pattern++) {
            Arrays.fill(head, pattern);
            Arrays.fill(body, pattern);
            Message request = new Message(ByteBuffer.wrap(head), ByteBuffer.wrap(body));
            failureOf(client.transport().call(server.peer(), Lane.BULK, request, SHORT));
        }
        Arrays.fill(head, (byte) 5);
        Arrays.fill(body, (byte) 5);
        gate.countDown();

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(client.call(
                                server, Lane.BULK, new Message(ByteBuffer.wrap(head), ByteBuffer.wrap(body))))
                        .succeedsWithin(PATIENCE));
        assertThat(torn).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Lane.class)
    void aRequestBodyBelongsToTheHandlerUntilItAnswers(Lane lane) throws Exception {
        CompletableFuture<Message> kept = new CompletableFuture<>();
        CompletableFuture<Transport.Responder> keeper = new CompletableFuture<>();
        Node server = nodes.start((from, request, responder) -> {
            if (words(request).equals("keep")) {
                keeper.complete(responder);
                kept.complete(request);
            } else {
                TransportNodes.echo(from, request, responder);
            }
        });
        Node client = nodes.start(TransportNodes::echo);
        byte[] body = randomBytes(100_000);

        CompletableFuture<Message> answer = client.call(server, lane, message("keep", body));
        Message request = kept.join();
        for (int i = 0; i < 20; i++) {
            client.call(server, lane, message("other", new byte[100_000])).join();
        }

        assertThat(bytes(request.body())).isEqualTo(body);
        keeper.join().respond(message("kept"));
        assertThat(words(answer.join())).isEqualTo("kept");
    }

    @ParameterizedTest
    @EnumSource(Lane.class)
    void anAnswerBelongsToItsCallerForGood(Lane lane) throws Exception {
        Node server = nodes.start(TransportNodes::echo);
        Node client = nodes.start(TransportNodes::echo);
        byte[] body = randomBytes(100_000);

        Message answer = client.call(server, lane, message("mine", body)).join();
        for (int i = 0; i < 20; i++) {
            client.call(server, lane, message("other", new byte[100_000])).join();
        }
        server.transport().close();
        client.transport().close();

        assertThat(words(answer)).isEqualTo("mine");
        assertThat(bytes(answer.body())).isEqualTo(body);
    }
}
