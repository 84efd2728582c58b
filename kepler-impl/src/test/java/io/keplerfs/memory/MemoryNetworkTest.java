package io.keplerfs.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.keplerfs.spi.ClusterCard;
import io.keplerfs.spi.Lane;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Membership;
import io.keplerfs.spi.Message;
import io.keplerfs.spi.Peer;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.Transport;
import io.keplerfs.spi.TransportException;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.Network;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the in-memory network does beyond the two contracts: cutting nodes off, and showing misused buffers. */
@Timeout(120)
class MemoryNetworkTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final NodeId A = new NodeId(new UUID(0, 1));
    private static final NodeId B = new NodeId(new UUID(0, 2));
    private static final ThreadFactory DAEMONS = task -> {
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        return thread;
    };

    private final MemoryNetwork network = network();
    private final List<AutoCloseable> opened = new ArrayList<>();

    static MemoryNetwork network() {
        return new MemoryNetwork(new Random(42), id -> {
            Store store = mock(Store.class);
            when(store.nodeId()).thenReturn(id);
            return store;
        });
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    @Test
    void eachNewStoreHasAnIdOfItsOwnThatFollowsFromTheSeed() {
        NodeId first = network.newStore().nodeId();
        NodeId second = network.newStore().nodeId();

        assertThat(second).isNotEqualTo(first);
        assertThat(network().newStore().nodeId()).isEqualTo(first);
    }

    @Test
    void anIsolatedNodeReachesNobodyAndNobodyReachesItUntilItHeals() throws Exception {
        Transport a = transport(A, (from, request, responder) -> responder.respond(request));
        Transport b = transport(B, (from, request, responder) -> responder.respond(request));
        assertThat(ask(a, B)).succeedsWithin(PATIENCE);
        assertThat(ask(b, A)).succeedsWithin(PATIENCE);

        network.isolate(A);

        assertThat(failure(ask(a, B)).maybeDelivered()).isFalse();
        assertThat(failure(ask(b, A)).maybeDelivered()).isFalse();
        assertThat(a.reachable(peer(B))).isFalse();
        assertThat(b.reachable(peer(A))).isFalse();

        network.heal(A);

        assertThat(a.reachable(peer(B))).isTrue();
        assertThat(ask(a, B)).succeedsWithin(PATIENCE);
        assertThat(ask(b, A)).succeedsWithin(PATIENCE);
    }

    @Test
    void isolationBreaksTheCallsThatAreUnderWay() throws Exception {
        CompletableFuture<Transport.Responder> kept = new CompletableFuture<>();
        Transport a = transport(A, (from, request, responder) -> responder.respond(request));
        transport(B, (from, request, responder) -> kept.complete(responder));
        CompletableFuture<Message> open = ask(a, B);
        Transport.Responder responder = kept.join();

        network.isolate(B);
        responder.respond(Message.of(ByteBuffer.allocate(1)));

        assertThat(failure(open).maybeDelivered()).isTrue();
    }

    @Test
    void aBodyKeptAfterTheAnswerIsOverwrittenAndTheSendersIsNot() throws Exception {
        CompletableFuture<Message> kept = new CompletableFuture<>();
        Transport a = transport(A, (from, request, responder) -> responder.respond(request));
        transport(B, (from, request, responder) -> {
            responder.respond(request);
            kept.complete(request);
        });
        byte[] body = {1, 2, 3};

        Message answer = a.call(
                        peer(B),
                        Lane.BULK,
                        new Message(ByteBuffer.wrap(new byte[] {1}), ByteBuffer.wrap(body)),
                        PATIENCE)
                .join();

        assertThat(kept.join().body().array()).doesNotContain(1, 2, 3);
        assertThat(answer.body().array()).containsExactly(1, 2, 3);
        assertThat(body).containsExactly(1, 2, 3);
    }

    @Test
    void anAnswerBeyondTheLimitsIsAFailure() throws Exception {
        Transport a = transport(A, (from, request, responder) -> responder.respond(request));
        transport(
                B,
                (from, request, responder) ->
                        responder.respond(Message.of(ByteBuffer.allocate(Transport.MAX_HEAD_BYTES + 1))));

        assertThat(failure(ask(a, B))).hasMessageContaining("too large");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> a.call(
                        peer(B), Lane.CONTROL, Message.of(ByteBuffer.allocate(Transport.MAX_HEAD_BYTES + 1)), PATIENCE))
                .withMessageContaining("4194305");
    }

    @Test
    void aNodeCanBeOnTheNetworkOnlyOnce() throws Exception {
        transport(A, (from, request, responder) -> responder.respond(request));
        membership(A, new Opinions(1));

        assertThatThrownBy(() -> transport(A, (from, request, responder) -> responder.respond(request)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(A.toString());
        assertThatIllegalStateException()
                .isThrownBy(() -> membership(A, new Opinions(1)))
                .withMessageContaining(A.toString());
    }

    @Test
    void anIsolatedNodeIsDeadToTheOthersAndTheyToItUntilItHeals() {
        Opinions ofA = new Opinions(1);
        Opinions ofB = new Opinions(1);
        Membership a = membership(A, ofA);
        Membership b = membership(B, ofB);
        await().atMost(PATIENCE).until(() -> state(a, B) == MemberState.ALIVE && state(b, A) == MemberState.ALIVE);

        network.isolate(A);
        await().atMost(PATIENCE).until(() -> state(a, B) == MemberState.DEAD && state(b, A) == MemberState.DEAD);
        assertThat(state(a, A)).isEqualTo(MemberState.ALIVE);

        network.heal(A);
        await().atMost(PATIENCE).until(() -> state(a, B) == MemberState.ALIVE && state(b, A) == MemberState.ALIVE);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(ofB.told).containsExactly("ALIVE ALIVE", "ALIVE DEAD", "DEAD ALIVE"));
    }

    @Test
    void anIsolatedNodeHearsNoGoodByeBeforeItHeals() {
        Membership a = membership(A, new Opinions(1));
        Membership b = membership(B, new Opinions(1));
        await().atMost(PATIENCE).until(() -> state(a, B) == MemberState.ALIVE);
        network.isolate(A);

        b.leave(PATIENCE);
        b.close();
        await().atMost(PATIENCE).until(() -> state(a, B) == MemberState.DEAD);

        network.heal(A);
        await().atMost(PATIENCE).until(() -> state(a, B) == MemberState.LEFT);
    }

    @Test
    void anIsolatedNodeMeetsNobody() {
        network.isolate(A);
        Opinions ofA = new Opinions(1);
        Opinions ofB = new Opinions(2);
        membership(A, ofA);
        membership(B, ofB);

        await().during(Duration.ofMillis(1500))
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(ofA.met).isEmpty());
        network.heal(A);

        await().atMost(PATIENCE).until(() -> ofA.met.contains(B) && ofB.met.contains(A));
    }

    private Transport transport(NodeId id, Transport.Handler handler) throws IOException {
        Transport transport = network.newTransport();
        assertThat(transport.start(new Transport.Local(id, "", 0, "", DAEMONS), handler))
                .isZero();
        opened.add(transport);
        return transport;
    }

    private static CompletableFuture<Message> ask(Transport transport, NodeId to) {
        return transport.call(peer(to), Lane.CONTROL, Message.of(ByteBuffer.allocate(3)), PATIENCE);
    }

    private static Peer peer(NodeId id) {
        return new Peer(id, "memory", 0);
    }

    private static TransportException failure(CompletableFuture<Message> call) {
        assertThat(call.handle((answer, failure) -> 0)).succeedsWithin(PATIENCE);
        try {
            throw new AssertionError("answered with " + call.join());
        } catch (CompletionException failed) {
            return (TransportException) failed.getCause();
        }
    }

    private Membership membership(NodeId id, Opinions host) {
        Membership membership = network.newMembership();
        opened.add(membership);
        NodeAddress address = new NodeAddress("memory", 0, 0, 0);
        MemberInfo self = new MemberInfo(id, "node", "", 1, address, 1, MemberState.ALIVE);
        membership.start(
                new Membership.Local(
                        self,
                        List.of(),
                        List.of(),
                        "",
                        Network.LAN,
                        Duration.ofSeconds(1),
                        Duration.ofMillis(500),
                        new Random(1),
                        DAEMONS),
                host);
        return membership;
    }

    private static MemberState state(Membership membership, NodeId of) {
        return membership.members().stream()
                .filter(member -> member.id().equals(of))
                .map(MemberInfo::state)
                .findAny()
                .orElse(MemberState.LEFT);
    }

    /** A host of a cluster by number that writes down what it is told. */
    private static final class Opinions implements Membership.Host {
        final List<String> told = new CopyOnWriteArrayList<>();
        final List<NodeId> met = new CopyOnWriteArrayList<>();
        private final int cluster;

        Opinions(int cluster) {
            this.cluster = cluster;
        }

        @Override
        public ClusterCard card() {
            return new ClusterCard(Optional.of(new UUID(0, cluster)), 1, false, 3);
        }

        @Override
        public void memberChanged(MemberState before, MemberInfo now) {
            told.add(before + " " + now.state());
        }

        @Override
        public void clusterMet(MemberInfo other, ClusterCard card) {
            met.add(other.id());
        }
    }
}
