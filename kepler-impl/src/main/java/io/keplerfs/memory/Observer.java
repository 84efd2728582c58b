package io.keplerfs.memory;

import io.keplerfs.spi.ClusterCard;
import io.keplerfs.spi.Keyring;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Membership;
import io.keplerfs.values.Contact;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A started {@link MemoryMembership}: one node's opinion of the others.
 *
 * <p>Maintainers: the opinion changes only on the observer's line, by comparing it with the network as it is at that moment, and
 * each difference is one event. So events of a member are in order whoever caused them, and one that was overtaken is not told.
 */
final class Observer {
    /** Between hellos to nodes of another cluster or of none. */
    private static final Duration HELLO_PERIOD = Duration.ofSeconds(1);
    /** How long those who left are remembered, so that everybody can see it. */
    private static final Duration LEFT_KEPT = Duration.ofMinutes(1);

    private final MemoryNetwork network;
    private final Membership.Local local;
    private final Membership.Host host;
    private final Line line;
    /** Changed on the line only. */
    private final Map<NodeId, MemberInfo> opinion = new ConcurrentHashMap<>();

    private volatile boolean gone;
    private volatile Keyring keys;

    Observer(MemoryNetwork network, Membership.Local local, Membership.Host host) {
        this.network = network;
        this.local = local;
        this.keys = local.keys();
        this.host = host;
        this.line = new Line(local.threads());
        opinion.put(id(), self());
    }

    NodeId id() {
        return local.self().id();
    }

    MemberInfo self() {
        return local.self().withState(MemberState.ALIVE);
    }

    Keyring keys() {
        return keys;
    }

    void use(Keyring newKeys) {
        keys = newKeys;
    }

    List<MemberInfo> members() {
        return List.copyOf(opinion.values());
    }

    /** Whom it sees now it hears now: there is nothing in between that could take time. Of others it remembers nothing. */
    Membership.Report report() {
        Map<NodeId, Contact> contacts = new HashMap<>();
        for (MemberInfo known : opinion.values()) {
            if (!known.id().equals(id()) && known.state() == MemberState.ALIVE && network.linked(this, known.id())) {
                contacts.put(known.id(), new Contact(Duration.ZERO, Optional.of(Duration.ZERO)));
            }
        }
        return new Membership.Report(0, contacts, List.of());
    }

    /** Begins to say hello, once a second. */
    void start() {
        line.execute(this::helloAgain);
    }

    private void helloAgain() {
        if (!gone) {
            line.after(HELLO_PERIOD, this::helloAgain);
            look();
            meet();
        }
    }

    /** Says hello to those outside, without waiting for the next period. */
    void hello() {
        line.execute(() -> {
            look();
            meet();
        });
    }

    /**
     * Looks at the network anew.
     *
     * @return done when this node has seen it, or never will
     */
    CompletableFuture<Void> lookSoon() {
        CompletableFuture<Void> seen = new CompletableFuture<>();
        boolean running = line.execute(() -> {
            try {
                look();
            } finally {
                seen.complete(null);
            }
        });
        if (!running) {
            seen.complete(null);
        }
        return seen;
    }

    /** This node has said good-bye: its host hears nothing more. */
    void leave() {
        gone = true;
    }

    void end() {
        leave();
        line.end();
    }

    private void look() {
        if (gone) {
            return;
        }
        for (MemberInfo known : opinion.values()) {
            if (!known.id().equals(id()) && known.state() != MemberState.LEFT && !network.linked(this, known.id())) {
                become(known.withState(network.cut(id(), known.id()) ? MemberState.DEAD : MemberState.LEFT));
            }
        }
        for (Observer other : network.linkedTo(this)) {
            if (sameCluster(host.card(), other.host.card())) {
                become(other.self());
            }
        }
    }

    /** The one door through which an opinion changes. */
    private void become(MemberInfo now) {
        MemberInfo before = opinion.put(now.id(), now);
        if (now.equals(before)) {
            return;
        }
        if (now.state() == MemberState.LEFT) {
            line.after(LEFT_KEPT, () -> opinion.remove(now.id(), now));
        }
        host.memberChanged(before == null ? now.state() : before.state(), now);
    }

    private void meet() {
        for (Observer other : network.linkedTo(this)) {
            ClusterCard theirs = other.host.card();
            if (!gone && !sameCluster(host.card(), theirs)) {
                host.clusterMet(other.self(), theirs);
            }
        }
    }

    private static boolean sameCluster(ClusterCard one, ClusterCard other) {
        return one.clusterId().isPresent() && one.clusterId().equals(other.clusterId());
    }
}
