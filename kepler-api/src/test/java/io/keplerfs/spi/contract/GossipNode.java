package io.keplerfs.spi.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.ClusterCard;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Membership;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.Network;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** One node of a test of {@link MembershipContract}: a membership, and a host that writes down what it is told. */
final class GossipNode implements Membership.Host {
    /** What the host was told. */
    record Change(MemberState before, MemberInfo now) {}

    /** Whom a hello met. */
    record Meeting(MemberInfo other, ClusterCard card) {}

    final List<Change> changes = new CopyOnWriteArrayList<>();
    final List<Meeting> meetings = new CopyOnWriteArrayList<>();

    private final Membership membership;
    private final MemberInfo self;
    private final RecordedThreads threads;
    private final AtomicInteger inside = new AtomicInteger();
    private final Queue<String> misuse = new ConcurrentLinkedQueue<>();
    private volatile ClusterCard card = cardOf(Optional.empty());
    private volatile boolean adopts;

    /** Binds; the node is heard of only after {@link #start}. */
    GossipNode(Membership membership, NodeId id, long incarnation, String host) throws IOException {
        this.membership = membership;
        this.threads = new RecordedThreads(id);
        int port = membership.bind(host, 0);
        String label = "label-" + id.uuid().getMostSignificantBits();
        NodeAddress address = new NodeAddress(host, 1, port, 2);
        this.self = new MemberInfo(id, label, "zone-a", 3, address, incarnation, MemberState.ALIVE);
    }

    GossipNode in(UUID cluster) {
        card = cardOf(Optional.of(cluster));
        return this;
    }

    /** From now on the node takes the cluster of whomever it meets. */
    GossipNode adopting() {
        adopts = true;
        return this;
    }

    GossipNode start(List<String> seeds, List<MemberInfo> known, String secret, Duration probeInterval) {
        membership.start(
                new Membership.Local(
                        self,
                        seeds,
                        known,
                        secret,
                        Network.LAN,
                        probeInterval,
                        probeInterval.dividedBy(2),
                        new Random(self.id().hashCode()),
                        threads),
                this);
        return this;
    }

    Membership membership() {
        return membership;
    }

    MemberInfo self() {
        return self;
    }

    NodeId id() {
        return self.id();
    }

    /** This node as a seed. */
    String seed() {
        return self.address().host() + ":" + self.address().gossipPort();
    }

    List<NodeId> alive() {
        return membership.members().stream()
                .filter(member -> member.state() == MemberState.ALIVE)
                .map(MemberInfo::id)
                .toList();
    }

    Optional<MemberInfo> seen(GossipNode other) {
        return membership.members().stream()
                .filter(member -> member.id().equals(other.id()))
                .findAny();
    }

    Optional<MemberState> stateOf(GossipNode other) {
        return seen(other).map(MemberInfo::state);
    }

    List<Change> changesOf(GossipNode other) {
        return changes.stream()
                .filter(change -> change.now.id().equals(other.id()))
                .toList();
    }

    @Override
    public ClusterCard card() {
        return card;
    }

    @Override
    public void memberChanged(MemberState before, MemberInfo now) {
        alone(() -> changes.add(new Change(before, now)));
    }

    @Override
    public void clusterMet(MemberInfo other, ClusterCard theirs) {
        alone(() -> {
            meetings.add(new Meeting(other, theirs));
            if (adopts && card.clusterId().isEmpty() && theirs.clusterId().isPresent()) {
                in(theirs.clusterId().get());
                membership.cardChanged();
            }
        });
    }

    private void alone(Runnable task) {
        if (inside.incrementAndGet() != 1) {
            misuse.add("two threads in the host at once");
        }
        if (!threads.made(Thread.currentThread())) {
            misuse.add("the host was called on " + Thread.currentThread().getName());
        }
        task.run();
        inside.decrementAndGet();
    }

    /** Closes, then checks what holds for every node of every test. */
    void closeAndCheck(Duration patience) {
        membership.close();
        threads.awaitEnd(patience);
        assertThat(misuse).isEmpty();
        Map<NodeId, MemberInfo> last = new HashMap<>();
        for (Change change : changes) {
            MemberInfo earlier = last.put(change.now.id(), change.now);
            if (earlier == null) {
                assertThat(change.before).as("first event of %s", change).isEqualTo(change.now.state());
            } else {
                assertThat(change.before).as("%s after %s", change, earlier).isEqualTo(earlier.state());
                assertThat(change.now.incarnation())
                        .as("%s after %s", change, earlier)
                        .isGreaterThanOrEqualTo(earlier.incarnation());
                assertThat(change.now).as("an event changes something").isNotEqualTo(earlier);
            }
        }
    }

    static ClusterCard cardOf(Optional<UUID> cluster) {
        return new ClusterCard(cluster, cluster.isPresent() ? 1 : 0, cluster.isPresent(), 3);
    }
}
