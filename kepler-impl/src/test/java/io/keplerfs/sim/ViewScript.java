package io.keplerfs.sim;

import io.keplerfs.register.Change;
import io.keplerfs.register.Outcome;
import io.keplerfs.register.ReadResult;
import io.keplerfs.register.Registers;
import io.keplerfs.ring.Ring;
import io.keplerfs.ring.RingMember;
import io.keplerfs.rpc.Kind;
import io.keplerfs.sim.SimNetwork.Weather;
import io.keplerfs.sim.ViewNode.Slip;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import io.keplerfs.view.Ownership;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** A few nodes of the view simulation in fine weather, for scenarios told step by step. */
final class ViewScript implements ViewNode.World {
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    private final SimLoop loop;
    private final SimNetwork network;
    private final Slip slip;
    private final Duration evictAfter;
    private final List<ViewNode> nodes = new ArrayList<>();
    /** Nodes that the membership does not show to others (yet). */
    final Set<NodeId> hidden = new HashSet<>();
    /** Nodes to and from which no news of views or of newcomers travel. */
    final Set<NodeId> uninformed = new HashSet<>();

    final Set<String> forks = new HashSet<>();
    private final Map<Long, Object> views = new HashMap<>();
    private long versions;

    ViewScript(int size, Slip slip, Duration evictAfter) {
        this(1, size, slip, evictAfter);
    }

    /** @param seed of everything that is left to chance */
    ViewScript(long seed, int size, Slip slip, Duration evictAfter) {
        this.loop = new SimLoop(seed);
        this.network = new SimNetwork(loop, Weather.FINE);
        this.slip = slip;
        this.evictAfter = evictAfter;
        network.courier(
                (from, to, kind) -> kind == Kind.VIEW_OFFER && (uninformed.contains(from) || uninformed.contains(to))
                        ? SimNetwork.Courier.LOST
                        : 0);
        for (int i = 0; i < size; i++) {
            NodeId id = id(i);
            MemberInfo info =
                    new MemberInfo(id, "n" + i, "", 1, new NodeAddress("host" + i, 0, 1, 1), 1, MemberState.ALIVE);
            nodes.add(new ViewNode(this, info, 0, i == 0, new SimStore(loop, id, 100_000, Set.of(), row -> {})));
        }
    }

    static NodeId id(int number) {
        return new NodeId(new UUID(0, number + 1));
    }

    /** Starts these nodes and waits until they form one settled view. */
    ViewScript form(int... numbers) {
        for (ViewNode node : nodes) {
            hidden.add(node.id());
        }
        for (int number : numbers) {
            hidden.remove(id(number));
            node(number).start();
        }
        gossip();
        awaitSettled(numbers);
        return this;
    }

    private void gossip() {
        for (ViewNode one : nodes) {
            for (ViewNode other : nodes) {
                boolean strangers = one.isUp() && other.isUp() && one != other && one.ownership() == null;
                if (strangers && !hidden.contains(one.id()) && !hidden.contains(other.id())) {
                    one.meets(other);
                }
            }
        }
        loop.after(Duration.ofMillis(200), this::gossip);
    }

    /** Until all of these know one view that stands alone and has exactly them as members. */
    void awaitSettled(int... numbers) {
        Set<NodeId> wanted = new HashSet<>();
        for (int number : numbers) {
            wanted.add(id(number));
        }
        await(() -> {
            List<Ownership> known =
                    wanted.stream().map(id -> node(id).ownership()).distinct().toList();
            Ownership one = known.get(0);
            return known.stream().allMatch(o -> o != null && o.current().equals(one.current()))
                    && one.next().isEmpty()
                    && Set.copyOf(one.current().ids()).equals(wanted);
        });
    }

    void await(BooleanSupplier condition) {
        if (!loop.runUntil(condition, PATIENCE)) {
            StringBuilder known = new StringBuilder("not within " + PATIENCE + ":");
            nodes.forEach(node ->
                    known.append("\n").append(node.info().label()).append(" ").append(node.ownership()));
            throw new AssertionError(known);
        }
    }

    <T> T get(CompletableFuture<T> future) {
        await(future::isDone);
        return future.join();
    }

    void run(Duration time) {
        loop.runUntil(() -> false, time);
    }

    ViewNode node(int number) {
        return nodes.get(number);
    }

    ViewNode node(NodeId id) {
        return nodes.stream().filter(node -> node.id().equals(id)).findFirst().orElseThrow();
    }

    /** A key that exactly these own when they and nobody else are among the members. */
    static RegisterKey keyOwnedBy(Set<NodeId> owners, int members) {
        List<RingMember> all = Stream.iterate(0, i -> i + 1)
                .limit(members)
                .map(i -> new RingMember(id(i), "", 1))
                .toList();
        Ring ring = Ring.of(all, ViewSimulation.REPLICATION, Ring.DEFAULT_PARTITION_BITS);
        return Stream.iterate(0, i -> i + 1)
                .filter(shard -> Set.copyOf(ring.owners(ring.partitionOf("photos", shard)))
                        .equals(owners))
                .map(shard -> new RegisterKey("photos", shard, "sunset.jpg"))
                .findFirst()
                .orElseThrow();
    }

    Outcome put(int at, RegisterKey key, String text) {
        return get(beginPut(at, key, text));
    }

    CompletableFuture<Outcome> beginPut(int at, RegisterKey key, String text) {
        Registers registers = Objects.requireNonNull(node(at).registers());
        VersionId version = new VersionId(new UUID(9, ++versions));
        return registers.change(
                key,
                version,
                false,
                Change.toAnything(text.getBytes(StandardCharsets.UTF_8)),
                false,
                Duration.ofSeconds(5));
    }

    String read(int at, RegisterKey key) {
        await(() -> node(at).registers() != null);
        Registers registers = Objects.requireNonNull(node(at).registers());
        ReadResult result = get(registers.read(key, Duration.ofSeconds(5)));
        return result instanceof ReadResult.Value found
                ? new String(found.value().payload(), StandardCharsets.UTF_8)
                : result.toString();
    }

    @Override
    public SimLoop loop() {
        return loop;
    }

    @Override
    public SimNetwork network() {
        return network;
    }

    @Override
    public Slip slip() {
        return slip;
    }

    @Override
    public Duration evictAfter() {
        return evictAfter;
    }

    @Override
    public List<MemberInfo> membersAsSeenBy(ViewNode observer) {
        return nodes.stream()
                .filter(node -> node == observer || node.hasBeenStarted() && !hidden.contains(node.id()))
                .filter(node -> !uninformed.contains(observer.id()) || isMemberInEyesOf(observer, node))
                .map(node -> node.info().withState(node.isUp() ? MemberState.ALIVE : MemberState.DEAD))
                .toList();
    }

    /** Who gets no news does not hear of newcomers either, or it would propose, and learn what is decided. */
    private static boolean isMemberInEyesOf(ViewNode observer, ViewNode node) {
        Ownership known = observer.ownership();
        return known != null && known.newest().has(node.id());
    }

    @Override
    public void knows(ViewNode node, Ownership known) {
        if (known.newest().epoch() > 1) {
            Object same = views.putIfAbsent(known.newest().epoch(), known.newest());
            if (same != null && !same.equals(known.newest())) {
                forks.add(node.info().label() + " knows " + known.newest() + ", others " + same);
            }
        }
    }

    @Override
    public boolean isOpen() {
        return true;
    }
}
