package io.keplerfs.tcp;

import static io.keplerfs.tcp.TcpNodes.PATIENCE;
import static io.keplerfs.tcp.TcpNodes.failureOf;
import static io.keplerfs.tcp.TcpNodes.message;
import static io.keplerfs.tcp.TcpNodes.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keplerfs.spi.Lane;
import io.keplerfs.spi.Peer;
import io.keplerfs.spi.Transport;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What arrives at the port of a node that no peer of its would send. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StrangersTest {
    private final TcpNodes nodes = new TcpNodes();
    private TcpNodes.Node node;
    private TcpNodes.Node friend;
    private RawPeer raw;

    @BeforeEach
    void start() throws IOException {
        node = nodes.start(TcpNodes::echo);
        friend = nodes.start(TcpNodes::echo);
        raw = new RawPeer();
    }

    @AfterEach
    void stop() throws IOException {
        assertThat(words(friend.call(node.peer(), Lane.CONTROL, message("still served"))))
                .isEqualTo("still served");
        assertThat(words(friend.call(node.peer(), Lane.BULK, message("still served"))))
                .isEqualTo("still served");
        await().atMost(PATIENCE)
                .until(() ->
                        node.transport().strangers() == 0 && node.transport().bodyBytesInUse() == 0);
        raw.close();
        nodes.close();
    }

    @Test
    void anHttpRequestIsCutOff() throws Exception {
        SocketChannel browser = raw.knock(node.peer());

        browser.write(ByteBuffer.wrap("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));

        assertThat(RawPeer.endsSilently(browser)).isTrue();
    }

    @Test
    void garbageOfAnyKindIsCutOff() throws Exception {
        Random random = new Random(1);
        for (int i = 0; i < 50; i++) {
            SocketChannel stranger = raw.knock(node.peer());
            byte[] garbage = new byte[8 + random.nextInt(200)];
            random.nextBytes(garbage);
            stranger.write(ByteBuffer.wrap(garbage));
            assertThat(RawPeer.endsSilently(stranger)).isTrue();
        }
    }

    @Test
    void strangersThatSayNothingDoNotStay() throws Exception {
        SocketChannel silent = raw.knock(node.peer());

        assertThat(RawPeer.endsSilently(silent)).isTrue();
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(nodes.threadNames().stream().filter(name -> name.contains("serve")))
                        .isEmpty());
    }

    @Test
    void strangersThatSayNothingAreFewAndKeepNoFriendOut() throws Exception {
        TcpNodes.Node patient = nodes.start(TcpNodes::echo, TcpNodes.greetingWithin(Duration.ofHours(1)));
        List<SocketChannel> silent = new ArrayList<>();
        for (int i = 0; i < 2 * Acceptor.MAX_UNPROVEN; i++) {
            silent.add(raw.knock(patient.peer()));
        }

        for (int i = 0; i < Acceptor.MAX_UNPROVEN; i++) {
            assertThat(RawPeer.endsSilently(silent.get(i))).isTrue();
        }
        assertThat(patient.transport().strangers()).isEqualTo(Acceptor.MAX_UNPROVEN);
        assertThat(words(friend.call(patient.peer(), Lane.CONTROL, message("me first"))))
                .isEqualTo("me first");
    }

    @ParameterizedTest
    @EnumSource(Lane.class)
    void anOversizedLengthIsCutOffWithoutMemoryForIt(Lane lane) throws Exception {
        SocketChannel visitor = raw.visit(node.peer(), lane);
        visitor.write(ByteBuffer.allocate(FrameHeader.BYTES)
                .putInt(1 << 24)
                .putLong(1)
                .putInt(1)
                .putInt(Transport.MAX_BODY_BYTES + 1)
                .putInt(0)
                .flip());

        assertThat(RawPeer.endsSilently(visitor)).isTrue();
        assertThat(node.transport().bodyBytesInUse()).isZero();
    }

    @Test
    void aWrongChecksumIsCutOffAndGivesItsMemoryBack() throws Exception {
        SocketChannel visitor = raw.visit(node.peer(), Lane.BULK);
        ByteBuffer frame = ByteBuffer.allocate(1000);
        FrameHeader.write(frame, FrameHeader.Type.REQUEST, 1, TcpNodes.chunk(1_000_000));
        frame.put((byte) 99).flip();
        visitor.write(frame);

        assertThat(RawPeer.endsSilently(visitor)).isTrue();
    }

    @Test
    void anAnswerNobodyAskedForIsCutOff() throws Exception {
        SocketChannel visitor = raw.visit(node.peer(), Lane.CONTROL);
        ByteBuffer frame = ByteBuffer.allocate(1000);
        FrameHeader.write(frame, FrameHeader.Type.ANSWER, 1, message(""));
        visitor.write(frame.flip());

        assertThat(RawPeer.endsSilently(visitor)).isTrue();
    }

    @Test
    void aPeerThatStopsInTheMiddleOfABodyIsCutOffAndGivesItsMemoryBack() throws Exception {
        SocketChannel visitor = raw.visit(node.peer(), Lane.BULK);
        ByteBuffer frame = ByteBuffer.allocate(1000);
        FrameHeader.write(frame, FrameHeader.Type.REQUEST, 1, TcpNodes.chunk(1_000_000));
        visitor.write(frame.put((byte) 1).flip());
        await().atMost(PATIENCE).until(() -> node.transport().bodyBytesInUse() > 0);

        assertThat(RawPeer.endsSilently(visitor)).isTrue();
    }

    @Test
    void aPeerThatTakesNoAnswersIsCutOff() throws Exception {
        SocketChannel visitor = raw.visit(node.peer(), Lane.BULK);
        FrameWriter writer = new FrameWriter(visitor, () -> {});
        for (int i = 0; i < 4; i++) {
            writer.add(FrameHeader.Type.REQUEST, i, TcpNodes.chunk(4 << 20));
            writer.flush();
        }

        await().atMost(PATIENCE).until(() -> node.transport().guests() == 0);
    }

    @Test
    void aPeerThatComesAgainAndAgainKeepsItsNewestConnections() throws Exception {
        List<SocketChannel> visits = new ArrayList<>();
        for (int i = 0; i < 3 * Acceptor.MAX_CONNECTIONS_PER_LANE; i++) {
            visits.add(raw.visit(node.peer(), Lane.CONTROL));
            await().atMost(PATIENCE).until(() -> node.transport().guests() <= Acceptor.MAX_CONNECTIONS_PER_LANE);
        }

        assertThat(RawPeer.endsSilently(visits.get(0))).isTrue();
        SocketChannel newest = visits.get(visits.size() - 1);
        FrameWriter writer = new FrameWriter(newest, () -> {});
        writer.add(FrameHeader.Type.REQUEST, 1, message("?"));
        writer.flush();
        RawPeer.readFully(newest, FrameHeader.BYTES + 1);
    }

    @Test
    void aPortThatIsTakenSaysWhichSettingChangesIt() throws Exception {
        TcpTransport second = new TcpTransport(System::nanoTime, new SecureRandom());
        Transport.Local taken = new Transport.Local(
                new NodeId(new UUID(9, 9)), "127.0.0.1", node.peer().transferPort(), "", Thread::new);

        assertThatThrownBy(() -> second.start(taken, TcpNodes::echo))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("127.0.0.1:" + node.peer().transferPort())
                .hasMessageContaining("TRANSFER_PORT");
    }

    @Test
    void aPeerWithoutAPortIsOutOfReach() {
        Peer nowhere = new Peer(new NodeId(new UUID(9, 9)), "127.0.0.1", 0);

        assertThat(failureOf(friend.call(nowhere, Lane.CONTROL, message("?"))).maybeDelivered())
                .isFalse();
    }
}
