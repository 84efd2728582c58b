package io.keplerfs.swim;

import io.keplerfs.spi.ClusterCard;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Membership;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.Network;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;

/** A membership on loopback with fast timings, and its host. */
final class LoopbackNode implements Membership.Host, AutoCloseable {
    final SwimMembership membership;
    MemberInfo self;
    final Queue<NodeId> met = new ConcurrentLinkedQueue<>();
    final List<Thread> threads = new CopyOnWriteArrayList<>();
    volatile Optional<UUID> cluster;
    volatile Runnable onChange = () -> {};

    LoopbackNode(int number, long incarnation, Optional<UUID> cluster, LongSupplier nanoClock) throws IOException {
        this.cluster = cluster;
        membership = new SwimMembership(nanoClock, new SecureRandom());
        int port = membership.bind("127.0.0.1", 0);
        NodeAddress address = new NodeAddress("127.0.0.1", 0, port, 0);
        self = new MemberInfo(Members.id(number), "node-" + number, "", 1, address, incarnation, MemberState.ALIVE);
    }

    /** Before the start: what the node says of itself. */
    LoopbackNode self(MemberInfo other) {
        self = other;
        return this;
    }

    String seed() {
        return "127.0.0.1:" + port();
    }

    int port() {
        return self.address().gossipPort();
    }

    LoopbackNode start(String secret, List<String> seeds) {
        return start(secret, seeds, Duration.ofMillis(100), Duration.ofMillis(50));
    }

    /** With the timings a user gets. */
    LoopbackNode start(String secret, List<String> seeds, Network network) {
        return start(secret, seeds, network.probeInterval(), network.probeTimeout());
    }

    private LoopbackNode start(String secret, List<String> seeds, Duration probeInterval, Duration probeTimeout) {
        membership.start(
                new Membership.Local(
                        self,
                        seeds,
                        List.of(),
                        secret,
                        Network.LAN,
                        probeInterval,
                        probeTimeout,
                        new Random(self.id().hashCode()),
                        this::thread),
                this);
        return this;
    }

    private Thread thread(Runnable task) {
        Thread thread = new Thread(task, "gossip-" + self.label());
        thread.setDaemon(true);
        threads.add(thread);
        return thread;
    }

    boolean believes(LoopbackNode other, MemberState state) {
        return membership.members().stream()
                .anyMatch(member -> member.id().equals(other.self.id()) && member.state() == state);
    }

    @Override
    public ClusterCard card() {
        return new ClusterCard(cluster, 1, false, 3);
    }

    @Override
    public void memberChanged(MemberState before, MemberInfo now) {
        onChange.run();
    }

    @Override
    public void clusterMet(MemberInfo other, ClusterCard card) {
        met.add(other.id());
    }

    @Override
    public void close() {
        membership.close();
    }
}
