package io.keplerfs.spi.contract;

import static io.keplerfs.spi.contract.TransportNodes.PATIENCE;
import static io.keplerfs.spi.contract.TransportNodes.bytes;
import static io.keplerfs.spi.contract.TransportNodes.message;
import static io.keplerfs.spi.contract.TransportNodes.words;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.Message;
import io.keplerfs.spi.Transport;
import io.keplerfs.spi.TransportException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** What the tests of {@link TransportContract} share: nodes that are closed, and looked at, after each test. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class TransportCase {
    static final Duration SHORT = Duration.ofMillis(300);

    TransportNodes nodes;

    /** A new transport, not started; those made during one test can reach each other. */
    protected abstract Transport newTransport() throws Exception;

    /** Where the transports of this test listen. */
    protected String bindHost() {
        return "127.0.0.1";
    }

    @BeforeEach
    protected void openNodes() {
        nodes = new TransportNodes(this::newTransport, bindHost());
    }

    @AfterEach
    protected void closeNodes() {
        nodes.close();
    }

    /** Blocks on the requests named slow until the gate opens, answers all others at once. */
    static Transport.Handler slow(CountDownLatch gate) {
        return (from, request, responder) -> {
            if (words(request).equals("slow")) {
                awaitGate(gate);
            }
            responder.respond(message(words(request)));
        };
    }

    static void awaitGate(CountDownLatch gate) {
        try {
            assertThat(gate.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    static TransportException failureOf(CompletableFuture<Message> call) {
        assertThat(call.handle((answer, failure) -> failure)).succeedsWithin(PATIENCE.plus(PATIENCE));
        try {
            throw new AssertionError("answered with " + words(call.join()));
        } catch (CompletionException failed) {
            assertThat(failed.getCause()).isInstanceOf(TransportException.class);
            return (TransportException) failed.getCause();
        }
    }

    static byte[] randomBytes(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }
}
