package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** On real sockets of this machine. */
@Timeout(value = 3, threadMode = Timeout.ThreadMode.SEPARATE_THREAD, unit = java.util.concurrent.TimeUnit.MINUTES)
class SwimMembershipTest {
    private static final Optional<UUID> ONE = Optional.of(new UUID(1, 1));
    private static final Optional<UUID> OTHER = Optional.of(new UUID(2, 2));

    private final AtomicLong skippedNanos = new AtomicLong();
    private final List<LoopbackNode> nodes = new ArrayList<>();

    @AfterEach
    void nothingIsLeftBehind() {
        for (LoopbackNode node : nodes) {
            node.close();
            eventually(() -> node.threads.stream().noneMatch(Thread::isAlive));
        }
    }

    // ---- one cluster

    @Test
    void fiveNodesWithOneSeedListLiveThroughDeathGoodByeAndReturn() throws Exception {
        List<LoopbackNode> five = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            five.add(node(i, 1, ONE));
        }
        List<String> seeds = five.stream().map(LoopbackNode::seed).toList();
        List<LoopbackNode> order = new ArrayList<>(five);
        Collections.shuffle(order, new Random(3));
        order.forEach(node -> node.start("a secret of five", seeds));
        eventually(() -> five.stream().allMatch(node -> sees(node, five, MemberState.ALIVE)));

        LoopbackNode killed = five.get(1);
        killed.close();
        List<LoopbackNode> four = List.of(five.get(0), five.get(2), five.get(3), five.get(4));
        eventually(() -> four.stream().allMatch(node -> node.believes(killed, MemberState.DEAD)));

        LoopbackNode leaver = five.get(2);
        leaver.membership.leave(Duration.ofSeconds(20));
        leaver.close();
        List<LoopbackNode> three = List.of(five.get(0), five.get(3), five.get(4));
        eventually(() -> three.stream().allMatch(node -> node.believes(leaver, MemberState.LEFT)));

        LoopbackNode again = node(1, 2, ONE).start("a secret of five", seeds);
        List<LoopbackNode> four2 = List.of(five.get(0), five.get(3), five.get(4), again);
        eventually(() -> four2.stream().allMatch(node -> sees(node, four2, MemberState.ALIVE)));
    }

    @Test
    void twoClustersThatFindEachOtherMeetButDoNotMix() throws Exception {
        LoopbackNode one = node(1, 1, ONE).start("", List.of());
        LoopbackNode other = node(2, 1, OTHER).start("", List.of(one.seed()));

        eventually(() -> one.met.contains(other.self.id()) && other.met.contains(one.self.id()));

        assertThat(one.membership.members()).containsExactly(one.self);
        assertThat(other.membership.members()).containsExactly(other.self);
    }

    @Test
    void aNodeThatChangesItsClusterJoinsTheNewOneAndLeavesTheOld() throws Exception {
        LoopbackNode one = node(1, 1, ONE).start("", List.of());
        LoopbackNode mate = node(2, 1, ONE).start("", List.of(one.seed()));
        LoopbackNode other = node(3, 1, OTHER).start("", List.of(one.seed()));
        eventually(() -> one.believes(mate, MemberState.ALIVE));

        one.cluster = OTHER;
        one.membership.cardChanged();

        eventually(() -> one.believes(other, MemberState.ALIVE) && other.believes(one, MemberState.ALIVE));
        assertThat(one.membership.members()).extracting(MemberInfo::id).doesNotContain(mate.self.id());
        eventually(() -> mate.believes(one, MemberState.DEAD));
        assertThat(one.membership.statistics().foreign()).isPositive();
    }

    @Test
    void anotherSecretIsCountedAndNeverMixes() throws Exception {
        LoopbackNode one = node(1, 1, ONE).start("the right secret", List.of());
        LoopbackNode other = node(2, 1, ONE).start("a wrong secret", List.of(one.seed()));

        eventually(() -> one.membership.statistics().brokenSeals() > 1
                && other.membership.statistics().exchangesFailed() > 1);

        assertThat(one.membership.members()).containsExactly(one.self);
        assertThat(other.membership.members()).containsExactly(other.self);
        assertThat(other.met).isEmpty();
    }

    @Test
    void aSecretIsChangedOnThreeNodesWithoutASingleRefusal() throws Exception {
        List<LoopbackNode> three = List.of(node(1, 1, ONE), node(2, 1, ONE), node(3, 1, ONE));
        List<String> seeds = three.stream().map(LoopbackNode::seed).toList();
        three.forEach(node -> node.start("the first secret", seeds));
        eventually(() -> three.stream().allMatch(node -> sees(node, three, MemberState.ALIVE)));

        for (Keyring step : List.of(
                new Keyring(List.of("the first secret", "the next secret")),
                new Keyring(List.of("the next secret", "the first secret")),
                Keyring.of("the next secret"))) {
            for (LoopbackNode node : three) {
                node.membership.use(step);
                long heard = heard(three);
                eventually(() -> heard(three) > heard + 30);
            }
        }

        for (LoopbackNode node : three) {
            SwimStatistics seen = node.membership.statistics();
            assertThat(seen.brokenSeals() + seen.replayed() + seen.malformed())
                    .as("%s", seen)
                    .isZero();
            assertThat(sees(node, three, MemberState.DEAD)).isFalse();
        }
    }

    private static long heard(List<LoopbackNode> nodes) {
        return nodes.stream()
                .mapToLong(node -> node.membership.statistics().packetsReceived())
                .sum();
    }

    @Test
    void aPacketThatIsSentAgainIsCountedAndDropped() throws Exception {
        LoopbackNode one = node(1, 1, ONE).start("the right secret", List.of());
        Seal seal = new Seal(Keyring.of("the right secret"), new Random(9));
        byte[] packet = seal.close(ONE, GossipCodec.encode(new GossipMessage.Gossip(Members.member(9), List.of())));
        byte[] huge = new byte[GossipCodec.MAX_PACKET_BYTES + 1];

        try (DatagramSocket stranger = new DatagramSocket()) {
            for (byte[] bytes : List.of(packet, packet, packet, huge)) {
                stranger.send(new DatagramPacket(bytes, bytes.length, InetAddress.getLoopbackAddress(), one.port()));
            }
        }

        eventually(() -> one.membership.statistics().replayed() == 2
                && one.membership.statistics().oversized() == 1);
        assertThat(one.membership.statistics().brokenSeals()).isZero();
    }

    @Test
    void whatDoesNotBelongOnAConnectionIsCountedAndEndsIt() throws Exception {
        LoopbackNode one = node(1, 1, ONE).start("", List.of());
        byte[] news = new Seal(Keyring.NONE, new Random(9))
                .close(ONE, GossipCodec.encode(new GossipMessage.Gossip(Members.member(9), List.of())));

        for (int announced : new int[] {news.length, Integer.MAX_VALUE, -1}) {
            try (Socket stranger = connect(one)) {
                stranger.getOutputStream()
                        .write(ByteBuffer.allocate(4 + news.length)
                                .putInt(announced)
                                .put(news)
                                .array());
                assertThat(endOf(stranger)).isTrue();
            }
        }

        assertThat(one.membership.statistics().malformed()).isEqualTo(2);
        assertThat(one.membership.statistics().oversized()).isEqualTo(1);
        assertThat(one.membership.members()).containsExactly(one.self);
    }

    @Test
    void namesAreLookedUpForPacketsAndForConnections() throws Exception {
        LoopbackNode one = node(1, 1, ONE);
        MemberInfo named = new MemberInfo(
                one.self.id(), "named", "", 1, new NodeAddress("localhost", 0, one.port(), 0), 1, MemberState.ALIVE);
        one.self(named).start("", List.of("localhost:" + one.port()));
        LoopbackNode two = node(2, 1, ONE).start("", List.of("localhost:" + one.port()));

        eventually(() -> two.believes(one, MemberState.ALIVE) && one.believes(two, MemberState.ALIVE));
        long sent = two.membership.statistics().packetsSent();
        eventually(() -> two.membership.statistics().packetsSent() > sent + 10);

        assertThat(two.believes(one, MemberState.ALIVE)).isTrue();
    }

    // ---- strangers at the port

    @Test
    void garbageAtEitherPortIsCountedAndHarmsNobody() throws Exception {
        LoopbackNode one = node(1, 1, ONE).start("", List.of());
        Random random = new Random(5);
        try (DatagramSocket stranger = new DatagramSocket()) {
            for (int i = 0; i < 500; i++) {
                byte[] bytes = garbage(random, 2000);
                stranger.send(new DatagramPacket(bytes, bytes.length, InetAddress.getLoopbackAddress(), one.port()));
            }
        }
        for (int i = 0; i < 100; i++) {
            try (Socket stranger = connect(one)) {
                byte[] bytes = garbage(random, 300);
                stranger.getOutputStream()
                        .write(ByteBuffer.allocate(4 + bytes.length)
                                .putInt(i % 3 == 0 ? random.nextInt() : bytes.length)
                                .put(bytes)
                                .array());
            } catch (IOException closedOnUs) {
                // As it should be.
            }
        }

        // How many datagrams the system drops is its own business.
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(one.membership.statistics().malformed())
                        .as("%s", one.membership.statistics())
                        .isGreaterThan(100));
        LoopbackNode two = node(2, 1, ONE).start("", List.of(one.seed()));
        eventually(() -> two.believes(one, MemberState.ALIVE) && one.believes(two, MemberState.ALIVE));
    }

    /** Half of it begins like an envelope, so that it gets past the first check. */
    private static byte[] garbage(Random random, int most) {
        byte[] bytes = new byte[1 + random.nextInt(most)];
        random.nextBytes(bytes);
        if (random.nextBoolean() && bytes.length > 5) {
            bytes[0] = Seal.MAGIC;
            bytes[1] = Seal.VERSION;
            Arrays.fill(bytes, 2, 6, (byte) 0);
        }
        return bytes;
    }

    @Test
    void silentConnectionsAreFewAndEndAtTheirDeadline() throws Exception {
        LoopbackNode one = node(1, 1, ONE).start("", List.of());
        List<Socket> silent = new ArrayList<>();
        try {
            for (int i = 0; i < 40; i++) {
                silent.add(connect(one));
            }
            eventually(() -> one.membership.statistics().overloaded() >= 24);
            assertThat(one.threads.stream().filter(Thread::isAlive)).hasSizeLessThanOrEqualTo(3 + 16 + 8);

            skippedNanos.addAndGet(Duration.ofSeconds(11).toNanos());

            for (Socket socket : silent) {
                assertThat(endOf(socket)).isTrue();
            }
            assertThat(one.membership.statistics().overdue()).isEqualTo(16);
        } finally {
            for (Socket socket : silent) {
                socket.close();
            }
        }
        LoopbackNode two = node(2, 1, ONE).start("", List.of(one.seed()));
        eventually(() -> two.believes(one, MemberState.ALIVE));
    }

    private static Socket connect(LoopbackNode node) throws IOException {
        Socket socket = new Socket();
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), node.port()), 5000);
        return socket;
    }

    private static boolean endOf(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() == -1;
        } catch (java.net.SocketException reset) {
            return true;
        }
    }

    // ---- edges of its life

    @Test
    void aTakenPortIsRefusedWithWhatToDo() throws Exception {
        LoopbackNode one = node(1, 1, ONE);
        SwimMembership second = new SwimMembership(System::nanoTime, new SecureRandom());

        assertThatThrownBy(() -> second.bind("127.0.0.1", one.port()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("127.0.0.1:" + one.port())
                .hasMessageContaining("GOSSIP_PORT");
        assertThatThrownBy(() -> second.bind("no-such-host.invalid", 0))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no-such-host.invalid");
    }

    @Test
    void aMemberNoPeerWouldAcceptIsRefusedAtTheStart() throws Exception {
        LoopbackNode one = node(1, 1, ONE);
        MemberInfo heavy = new MemberInfo(one.self.id(), "heavy", "", 500, one.self.address(), 1, MemberState.ALIVE);

        assertThatThrownBy(() -> one.self(heavy).start("", List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("500");
    }

    @Test
    void aHostThatThrowsStopsNothing() throws Exception {
        LoopbackNode one = node(1, 1, ONE);
        one.onChange = () -> {
            throw new IllegalStateException("a bug in the host, planted by this test");
        };
        one.start("", List.of());
        LoopbackNode two = node(2, 1, ONE).start("", List.of(one.seed()));

        eventually(() -> two.believes(one, MemberState.ALIVE) && one.believes(two, MemberState.ALIVE));
    }

    @Test
    void theHostMayCloseItFromACallback() throws Exception {
        LoopbackNode one = node(1, 1, ONE);
        one.onChange = one.membership::close;

        one.start("", List.of());

        eventually(() -> one.threads.stream().noneMatch(Thread::isAlive));
    }

    @Test
    void leavingAClosedMembershipReturnsAtOnce() throws Exception {
        LoopbackNode one = node(1, 1, ONE).start("", List.of());
        one.close();

        one.membership.leave(Duration.ofDays(1));
    }

    // ---- helpers of this story

    private LoopbackNode node(int number, long incarnation, Optional<UUID> cluster) throws IOException {
        LoopbackNode node =
                new LoopbackNode(number, incarnation, cluster, () -> System.nanoTime() + skippedNanos.get());
        nodes.add(node);
        return node;
    }

    private static boolean sees(LoopbackNode node, List<LoopbackNode> others, MemberState state) {
        return others.stream().allMatch(other -> node.believes(other, state));
    }

    private static void eventually(Callable<Boolean> condition) {
        await().atMost(Duration.ofSeconds(60)).until(condition);
    }
}
