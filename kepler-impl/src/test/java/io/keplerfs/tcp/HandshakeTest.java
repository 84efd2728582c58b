package io.keplerfs.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Peer;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.MalformedMessageException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class HandshakeTest {
    private static final NodeId CALLER = new NodeId(new UUID(1, 1));
    private static final NodeId CALLED = new NodeId(new UUID(2, 2));
    private static final String SECRET = "correct horse battery";

    private final SecureRandom random = new SecureRandom();
    private final ByteArrayOutputStream saidByCaller = new ByteArrayOutputStream();
    private SocketChannel caller;
    private SocketChannel called;

    @BeforeEach
    void connect() throws IOException {
        try (ServerSocketChannel server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            caller = SocketChannel.open(server.getLocalAddress());
            called = server.accept();
        }
    }

    @AfterEach
    void disconnect() throws IOException {
        caller.close();
        called.close();
    }

    /** Both sides at once; what the called side found, or the failures of both. */
    private Outcome greet(Handshake callerSide, NodeId meant, CalledSide calledSide) {
        CompletableFuture<Handshake.Guest> guest = CompletableFuture.supplyAsync(() -> {
            try {
                Handshake.Guest found = calledSide.receive(called);
                side(CALLED, "").welcome(called, found);
                return found;
            } catch (IOException failure) {
                throw new CompletionException(failure);
            }
        });
        Throwable callerFailure = null;
        try {
            callerSide.call(recorded(caller), new Peer(meant, "there", 1), Lane.BULK);
        } catch (IOException | MalformedMessageException failure) {
            callerFailure = failure;
        }
        Throwable calledFailure = guest.handle((found, failure) -> failure == null ? null : failure.getCause())
                .join();
        return new Outcome(calledFailure == null ? guest.join() : null, callerFailure, calledFailure);
    }

    private interface CalledSide {
        Handshake.Guest receive(ByteChannel channel) throws IOException;
    }

    private record Outcome(
            Handshake.@Nullable Guest guest,
            @Nullable Throwable callerFailure,
            @Nullable Throwable calledFailure) {}

    private Handshake side(NodeId id, String secret) {
        return new Handshake(id, () -> Keyring.of(secret), random);
    }

    @Test
    void twoNodesWithTheSameSecretKnowEachOther() {
        Outcome outcome = greet(side(CALLER, SECRET), CALLED, side(CALLED, SECRET)::receive);

        assertThat(outcome.callerFailure()).isNull();
        assertThat(outcome.guest().id()).isEqualTo(CALLER);
        assertThat(outcome.guest().lane()).isEqualTo(Lane.BULK);
    }

    @Test
    void twoNodesWithoutASecretKnowEachOther() {
        Outcome outcome = greet(side(CALLER, ""), CALLED, side(CALLED, "")::receive);

        assertThat(outcome.callerFailure()).isNull();
        assertThat(outcome.guest().id()).isEqualTo(CALLER);
    }

    @Test
    void anotherSecretIsRefusedAndBothSidesSayWhy() {
        Outcome outcome = greet(side(CALLER, "another secret"), CALLED, side(CALLED, SECRET)::receive);

        assertThat(outcome.callerFailure())
                .isInstanceOf(GreetingRefusedException.class)
                .hasMessageContaining("CLUSTER_SECRET");
        assertThat(outcome.calledFailure())
                .isInstanceOf(GreetingRefusedException.class)
                .hasMessageContaining("CLUSTER_SECRET")
                .hasMessageContaining(CALLER.toString());
    }

    @Test
    void eachSideNeedsOnlyToKnowThePrimaryOfTheOther() {
        Handshake changed = new Handshake(CALLER, () -> new Keyring(List.of("the next secret", SECRET)), random);
        Handshake notYet = new Handshake(CALLED, () -> new Keyring(List.of(SECRET, "the next secret")), random);

        Outcome outcome = greet(changed, CALLED, notYet::receive);

        assertThat(outcome.callerFailure()).isNull();
        assertThat(outcome.calledFailure()).isNull();
        assertThat(outcome.guest().hmacOfCalled()).isNotEqualTo(new byte[Greeting.HMAC_BYTES]);
    }

    @Test
    void aSecretOnOneSideOnlyIsRefusedAndBothSidesSayWho() {
        Outcome outcome = greet(side(CALLER, ""), CALLED, side(CALLED, SECRET)::receive);

        assertThat(outcome.callerFailure()).hasMessageContaining("it has a cluster secret and this node has none");
        assertThat(outcome.calledFailure()).hasMessageContaining("it has no cluster secret and this node has one");
    }

    @Test
    void aSecretOnTheOtherSideOnlyIsRefusedToo() {
        Outcome outcome = greet(side(CALLER, SECRET), CALLED, side(CALLED, "")::receive);

        assertThat(outcome.callerFailure()).hasMessageContaining("it has no cluster secret and this node has one");
        assertThat(outcome.calledFailure()).hasMessageContaining("it has a cluster secret and this node has none");
    }

    @Test
    void anotherNodeThanTheOneMeantIsRefusedByItsName() {
        NodeId meant = new NodeId(new UUID(3, 3));

        Outcome outcome = greet(side(CALLER, SECRET), meant, side(CALLED, SECRET)::receive);

        assertThat(outcome.callerFailure())
                .isInstanceOf(GreetingRefusedException.class)
                .hasMessageContaining(CALLED.toString());
        assertThat(outcome.calledFailure()).hasMessageContaining(meant.toString());
    }

    @Test
    void aCalledNodeThatOnlyClaimsToKnowTheSecretIsRefused() {
        CalledSide pretender = channel -> {
            channel.read(ByteBuffer.allocate(Greeting.HELLO_BYTES));
            channel.write(new Greeting.Challenge(
                            Greeting.VERSION, Greeting.Verdict.WELCOME, CALLED, new byte[Greeting.NONCE_BYTES])
                    .encode());
            ByteBuffer proof = ByteBuffer.allocate(Greeting.HMAC_BYTES);
            channel.read(proof);
            // The best a stranger can do: send the caller's own proof back.
            return new Handshake.Guest(CALLER, Lane.BULK, proof.array());
        };

        Outcome outcome = greet(side(CALLER, SECRET), CALLED, pretender);

        assertThat(outcome.callerFailure())
                .isInstanceOf(GreetingRefusedException.class)
                .hasMessageContaining("secret");
    }

    @Test
    void aGreetingThatWasOverheardIsWorthNothing() throws Exception {
        assertThat(greet(side(CALLER, SECRET), CALLED, side(CALLED, SECRET)::receive)
                        .callerFailure())
                .isNull();

        assertThat(saidByCaller.size()).isEqualTo(Greeting.HELLO_BYTES + Greeting.HMAC_BYTES);
        ByteChannel replay = scripted(saidByCaller.toByteArray());
        assertThatThrownBy(() -> side(CALLED, SECRET).receive(replay))
                .isInstanceOf(GreetingRefusedException.class)
                .hasMessageContaining("secret");
    }

    @Test
    void anotherVersionIsToldWhichIsSpokenHere() throws Exception {
        byte[] hello = new Greeting.Hello(Lane.CONTROL, false, CALLER, CALLED, new byte[Greeting.NONCE_BYTES])
                .encode()
                .array();
        hello[4] = 9;
        hello[5] = 77;
        called.write(ByteBuffer.wrap(hello));

        assertThatThrownBy(() -> side(CALLED, "").receive(caller)).hasMessageContaining("version 9");

        ByteBuffer challenge = ByteBuffer.allocate(Greeting.CHALLENGE_BYTES);
        called.read(challenge);
        assertThat(Greeting.Challenge.decode(challenge.flip()).verdict()).isEqualTo(Greeting.Verdict.OTHER_VERSION);
    }

    @Test
    void strangersAreRecognisedByTheirFirstBytes() {
        byte[] http = "GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

        assertThatThrownBy(() -> side(CALLED, "").receive(scripted(http)))
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining("an HTTP GET");
    }

    @Test
    void randomGreetingsAreRefusedAndNothingElse() {
        long seed = Long.getLong("seed", 20260730L);
        Random chance = new Random(seed);
        byte[] hello = new Greeting.Hello(Lane.CONTROL, true, CALLER, CALLED, new byte[Greeting.NONCE_BYTES])
                .encode()
                .array();
        for (int round = 0; round < 20_000; round++) {
            byte[] bytes = new byte[chance.nextInt(Greeting.HELLO_BYTES + Greeting.HMAC_BYTES + 1)];
            chance.nextBytes(bytes);
            System.arraycopy(hello, 0, bytes, 0, Math.min(bytes.length, chance.nextInt(hello.length + 1)));
            assertThatThrownBy(() -> side(CALLED, SECRET).receive(scripted(bytes)))
                    .as("seed %s, round %s", seed, round)
                    .isInstanceOfAny(
                            GreetingRefusedException.class, MalformedMessageException.class, EOFException.class);
        }
    }

    /** A channel on which the other side says these bytes, whatever it hears. */
    private static ByteChannel scripted(byte[] said) {
        ReadableByteChannel source = Channels.newChannel(new ByteArrayInputStream(said));
        return new Spy(source, new ByteArrayOutputStream(), null);
    }

    private ByteChannel recorded(SocketChannel channel) {
        return new Spy(channel, saidByCaller, channel);
    }

    private record Spy(
            ReadableByteChannel source,
            ByteArrayOutputStream said,
            @Nullable SocketChannel sink) implements ByteChannel {
        @Override
        public int read(ByteBuffer into) throws IOException {
            return source.read(into);
        }

        @Override
        public int write(ByteBuffer bytes) throws IOException {
            byte[] copy = new byte[bytes.remaining()];
            bytes.duplicate().get(copy);
            said.writeBytes(copy);
            if (sink != null) {
                return sink.write(bytes);
            }
            bytes.position(bytes.limit());
            return copy.length;
        }

        @Override
        public boolean isOpen() {
            return source.isOpen();
        }

        @Override
        public void close() throws IOException {
            source.close();
        }
    }
}
