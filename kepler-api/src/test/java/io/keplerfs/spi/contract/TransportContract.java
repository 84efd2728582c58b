package io.keplerfs.spi.contract;

import static io.keplerfs.spi.contract.TransportNodes.PATIENCE;
import static io.keplerfs.spi.contract.TransportNodes.message;
import static io.keplerfs.spi.contract.TransportNodes.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Peer;
import io.keplerfs.spi.Transport;
import io.keplerfs.spi.TransportException;
import io.keplerfs.spi.contract.TransportNodes.Node;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every {@link Transport} must do. Each test also proves that no thread is left behind. */
public abstract class TransportContract extends TransportAnswers {
    /** More calls, and with their bodies more bytes, than any transport should let wait for one peer. */
    private static final int FLOOD = 50_000;

    private static final int FLOOD_BODY_BYTES = 16 << 10;
    /** For calls that must not end because time is over. */
    private static final Duration VERY_LONG = Duration.ofHours(1);

    // ---- failures

    @ParameterizedTest
    @EnumSource(Lane.class)
    void aFailureOfTheHandlerArrivesAsDeliveredWithItsReason(Lane lane) throws Exception {
        Node server = nodes.start((from, request, responder) -> responder.fail("the disk is full"));
        Node client = nodes.start(TransportNodes::echo);

        TransportException failure = failureOf(client.call(server, lane, message("?")));

        assertThat(failure.maybeDelivered()).isTrue();
        assertThat(failure).hasMessageContaining("the disk is full");
    }

    @ParameterizedTest
    @EnumSource(Lane.class)
    void anExceptionOfTheHandlerIsAnsweredAsAFailure(Lane lane) throws Exception {
        Node server = nodes.start((from, request, responder) -> {
            if (words(request).equals("bad")) {
                throw new IllegalStateException("planted by a test");
            }
            TransportNodes.echo(from, request, responder);
        });
        Node client = nodes.start(TransportNodes::echo);

        assertThat(failureOf(client.call(server, lane, message("bad"))).maybeDelivered())
                .isTrue();
        assertThat(words(client.call(server, lane, message("good")).join())).isEqualTo("good");
    }

    @ParameterizedTest
    @EnumSource(Lane.class)
    void aPeerThatIsNotThereGetsNothing(Lane lane) throws Exception {
        Node gone = nodes.start(TransportNodes::echo);
        gone.transport().close();
        Node client = nodes.start(TransportNodes::echo);

        assertThat(failureOf(client.call(gone, lane, message("?"))).maybeDelivered())
                .isFalse();
    }

    @Test
    void aPeerThatWentAwayGetsNothingOnceThatIsKnown() throws Exception {
        Node server = nodes.start(TransportNodes::echo);
        Node client = nodes.start(TransportNodes::echo);
        client.ask(server, "?").join();

        server.transport().close();

        await().atMost(PATIENCE)
                .untilAsserted(
                        () -> assertThat(failureOf(client.ask(server, "?")).maybeDelivered())
                                .isFalse());
    }

    @Test
    void anotherNodeBehindTheAddressIsUnreachable() throws Exception {
        AtomicInteger handled = new AtomicInteger();
        Node server = nodes.start((from, request, responder) -> {
            handled.incrementAndGet();
            TransportNodes.echo(from, request, responder);
        });
        Node client = nodes.start(TransportNodes::echo);
        Peer imagined =
                new Peer(nodes.newId(), server.peer().host(), server.peer().transferPort());

        TransportException failure = failureOf(client.transport().call(imagined, Lane.CONTROL, message("?"), PATIENCE));

        assertThat(failure.maybeDelivered()).isFalse();
        assertThat(client.transport().reachable(imagined)).isFalse();
        assertThat(handled).hasValue(0);
        assertThat(words(client.ask(server, "?").join())).isEqualTo("?");
    }

    @Test
    void peersWithAnotherSecretAreRefused() throws Exception {
        AtomicInteger handled = new AtomicInteger();
        Transport.Handler counting = (from, request, responder) -> {
            handled.incrementAndGet();
            TransportNodes.echo(from, request, responder);
        };
        Node one = nodes.start(nodes.newId(), 0, "sesame", counting);
        Node two = nodes.start(nodes.newId(), 0, "sesame", counting);
        Node wrong = nodes.start(nodes.newId(), 0, "barley", counting);
        Node without = nodes.start(nodes.newId(), 0, "", counting);

        assertThat(failureOf(wrong.ask(one, "?")).maybeDelivered()).isFalse();
        assertThat(failureOf(without.ask(one, "?")).maybeDelivered()).isFalse();
        assertThat(failureOf(one.ask(without, "?")).maybeDelivered()).isFalse();
        assertThat(handled).hasValue(0);
        assertThat(words(two.ask(one, "?").join())).isEqualTo("?");
    }

    @Test
    void secretsChangeWhileNodesCallEachOther() throws Exception {
        Node one = nodes.start(nodes.newId(), 0, "the first secret", TransportNodes::echo);
        Node two = nodes.start(nodes.newId(), 0, "the first secret", TransportNodes::echo);
        Keyring both = new Keyring(List.of("the first secret", "the next secret"));
        Keyring turned = new Keyring(List.of("the next secret", "the first secret"));
        Keyring next = Keyring.of("the next secret");

        for (Keyring step : List.of(both, turned, next)) {
            for (Node changing : List.of(one, two)) {
                changing.transport().use(step);
                // Connections that exist go on: only a new node shows what is accepted now.
                Node fresh = nodes.start(nodes.newId(), 0, "the first secret", TransportNodes::echo);
                fresh.transport().use(step);
                assertThat(words(fresh.ask(changing, "?").join())).isEqualTo("?");
                assertThat(words(changing.ask(fresh, "?").join())).isEqualTo("?");
                assertThat(words(one.ask(two, "?").join())).isEqualTo("?");
                assertThat(words(two.ask(one, "?").join())).isEqualTo("?");
            }
        }

        Node late = nodes.start(nodes.newId(), 0, "the first secret", TransportNodes::echo);
        assertThat(failureOf(late.ask(one, "?")).maybeDelivered()).isFalse();
        assertThat(failureOf(one.ask(late, "?")).maybeDelivered()).isFalse();
    }

    @Test
    void aPortThatIsTakenIsRefusedByItsNumber() throws Exception {
        Node first = nodes.start(TransportNodes::echo);
        int taken = first.peer().transferPort();
        assumeTrue(taken != 0, "this transport has no ports");

        assertThatThrownBy(() -> nodes.start(nodes.newId(), taken, "", TransportNodes::echo))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(Integer.toString(taken));
    }

    // ---- time

    @ParameterizedTest
    @EnumSource(Lane.class)
    void aCallWithoutAnAnswerTimesOutAsMaybeDelivered(Lane lane) throws Exception {
        CompletableFuture<Transport.Responder> late = new CompletableFuture<>();
        Node server = nodes.start((from, request, responder) -> {
            if (words(request).equals("never")) {
                late.complete(responder);
            } else {
                TransportNodes.echo(from, request, responder);
            }
        });
        Node client = nodes.start(TransportNodes::echo);
        client.call(server, lane, message("connect")).join();

        CompletableFuture<Message> unanswered = client.transport().call(server.peer(), lane, message("never"), SHORT);

        assertThat(failureOf(unanswered).maybeDelivered()).isTrue();
        late.join().respond(message("too late"));
        assertThat(words(client.call(server, lane, message("next")).join())).isEqualTo("next");
    }

    @Test
    void whatFailedAsNotDeliveredNeverReachesTheHandler() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        Queue<String> handled = new ConcurrentLinkedQueue<>();
        Node server = nodes.start((from, request, responder) -> {
            awaitGate(gate);
            handled.add(words(request));
            responder.respond(message("done"));
        });
        Node client = nodes.start(TransportNodes::echo);
        List<CompletableFuture<Message>> calls = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            Message request = message("call " + i, new byte[512 << 10]);
            calls.add(client.transport().call(server.peer(), Lane.BULK, request, SHORT));
        }

        List<TransportException> failures =
                calls.stream().map(TransportCase::failureOf).toList();
        gate.countDown();
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(client.call(server, Lane.BULK, message("last")))
                        .succeedsWithin(PATIENCE));

        for (int i = 0; i < failures.size(); i++) {
            if (!failures.get(i).maybeDelivered()) {
                assertThat(handled).doesNotContain("call " + i);
            }
        }
        assertThat(handled).doesNotHaveDuplicates();
    }

    @Test
    void controlMessagesDoNotWaitBehindBulkOnes() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        Node server = nodes.start(slow(gate));
        Node client = nodes.start(TransportNodes::echo);
        List<CompletableFuture<Message>> bulk = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            bulk.add(client.call(server, Lane.BULK, message("slow", new byte[4 << 20])));
        }

        for (int i = 0; i < 20; i++) {
            assertThat(words(client.ask(server, "quick").join())).isEqualTo("quick");
        }

        assertThat(bulk).noneMatch(CompletableFuture::isDone);
        gate.countDown();
        bulk.forEach(CompletableFuture::join);
    }

    @Test
    void bulkMessagesOfOnePeerDoNotWaitBehindThoseOfAnother() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        Node server = nodes.start(slow(gate));
        Node one = nodes.start(TransportNodes::echo);
        Node other = nodes.start(TransportNodes::echo);
        CompletableFuture<Message> slow = one.call(server, Lane.BULK, message("slow"));

        assertThat(words(other.call(server, Lane.BULK, message("quick")).join()))
                .isEqualTo("quick");

        assertThat(slow).isNotDone();
        gate.countDown();
        assertThat(words(slow.join())).isEqualTo("slow");
    }

    @Test
    void whatWaitsForOnePeerIsBounded() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        Node server = nodes.start(slow(gate));
        Node client = nodes.start(TransportNodes::echo);
        byte[] body = new byte[FLOOD_BODY_BYTES];
        CompletableFuture<TransportException> refused = new CompletableFuture<>();

        for (int i = 0; i < FLOOD && !refused.isDone(); i++) {
            client.transport()
                    .call(server.peer(), Lane.BULK, message("slow", body), VERY_LONG)
                    .whenComplete((answer, failure) -> {
                        if (failure instanceof TransportException refusal) {
                            refused.complete(refusal);
                        }
                    });
        }

        assertThat(refused).succeedsWithin(PATIENCE);
        assertThat(refused.join().maybeDelivered()).isFalse();
        assertThat(words(client.ask(server, "quick").join())).isEqualTo("quick");
        gate.countDown();
    }

    // ---- reachability and end

    @Test
    void aPeerIsReachableUntilACallOrItsConnectionFailsAndAgainWhenItIsBack() throws Exception {
        Node server = nodes.start(TransportNodes::echo);
        Node client = nodes.start(TransportNodes::echo);
        assertThat(client.transport().reachable(server.peer())).isTrue();
        client.ask(server, "?").join();
        assertThat(client.transport().reachable(server.peer())).isTrue();

        server.transport().close();
        await().atMost(PATIENCE).until(() -> !client.transport().reachable(server.peer()));

        Node back = nodes.restart(server, TransportNodes::echo);
        await().atMost(PATIENCE).until(() -> client.transport().reachable(back.peer()));
        assertThat(words(client.ask(back, "again").join())).isEqualTo("again");
    }

    @Test
    void aPeerWhoseFirstConnectFailedIsTriedAgain() throws Exception {
        Node server = nodes.start(TransportNodes::echo);
        server.transport().close();
        Node client = nodes.start(TransportNodes::echo);
        assertThat(client.transport().reachable(server.peer())).isTrue();

        failureOf(client.ask(server, "?"));
        assertThat(client.transport().reachable(server.peer())).isFalse();

        nodes.restart(server, TransportNodes::echo);
        await().atMost(PATIENCE).until(() -> client.transport().reachable(server.peer()));
    }

    @Test
    void aCallAsksAnUnreachablePeerAtOnce() throws Exception {
        Node server = nodes.start(TransportNodes::echo);
        server.transport().close();
        Node client = nodes.start(TransportNodes::echo);
        failureOf(client.ask(server, "?"));

        Node back = nodes.restart(server, TransportNodes::echo);

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(client.ask(back, "again")).succeedsWithin(PATIENCE));
    }

    @ParameterizedTest
    @EnumSource(Lane.class)
    void closingFailsOpenCallsAndRefusesNewOnes(Lane lane) throws Exception {
        CountDownLatch arrived = new CountDownLatch(1);
        Node server = nodes.start((from, request, responder) -> arrived.countDown());
        Node client = nodes.start(TransportNodes::echo);
        CompletableFuture<Message> open = client.call(server, lane, message("?"));
        assertThat(arrived.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();

        client.transport().close();
        client.transport().close();

        assertThat(failureOf(open).maybeDelivered()).isTrue();
        assertThat(failureOf(client.call(server, lane, message("?"))).maybeDelivered())
                .isFalse();
        client.threads().awaitEnd(PATIENCE);
    }

    @ParameterizedTest
    @EnumSource(Lane.class)
    void aPeerThatClosesFailsTheCallsItDidNotAnswer(Lane lane) throws Exception {
        CountDownLatch arrived = new CountDownLatch(1);
        Node server = nodes.start((from, request, responder) -> arrived.countDown());
        Node client = nodes.start(TransportNodes::echo);
        CompletableFuture<Message> open = client.transport().call(server.peer(), lane, message("?"), VERY_LONG);
        assertThat(arrived.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();

        server.transport().close();

        assertThat(failureOf(open).maybeDelivered()).isTrue();
    }

    @Test
    void aTransportThatWasNeverStartedCanBeClosed() throws Exception {
        Transport transport = newTransport();

        transport.close();
        transport.close();
    }
}
