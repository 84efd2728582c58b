package io.keplerfs.sim;

import io.keplerfs.register.RegisterValue;
import io.keplerfs.sim.History.Call;
import io.keplerfs.sim.History.Kind;
import io.keplerfs.sim.History.Result;
import io.keplerfs.sim.SimNetwork.Weather;
import io.keplerfs.sim.ViewNode.Slip;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.View;
import io.keplerfs.view.ViewMember;
import io.keplerfs.view.Views;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One seed: a cluster grows from one node to three, four or five, while clients use registers of several shards, and the network
 * and the nodes fail; a dead node may be evicted, and may come back. What the membership says comes late and is now and then
 * wrong. Then everything heals.
 */
final class ViewSimulation implements ViewNode.World {
    private static final List<Kind> MIX =
            List.of(Kind.PUT, Kind.BUILD, Kind.BUILD, Kind.SWAP, Kind.CREATE, Kind.ERASE, Kind.GET, Kind.GET);
    static final int REPLICATION = 3;
    private static final int KEYS = 3;
    private static final int CLIENTS_PER_KEY = 8;
    private static final int OPERATIONS = 3;
    private static final double TROUBLE_MILLIS = 40_000;
    /** Longer than any message is under way. */
    private static final Duration QUIET = Duration.ofSeconds(1);

    private static final Duration LONG = Duration.ofMinutes(10);
    private static final Duration SOON_EVICTED = Duration.ofSeconds(8);
    /** Until the membership knows, a few proposals and two moves one after the other. */
    private static final Duration SETTLED_WITHIN = Duration.ofSeconds(90);

    private final SimLoop loop;
    private final SimNetwork network;
    private final SplittableRandom random;
    private final Slip slip;
    private final Extent extent;
    private final SimOperator operator;
    private final Duration evictAfter;
    private final List<ViewNode> nodes = new ArrayList<>();
    private final Map<SimClient, ViewNode> clients = new LinkedHashMap<>();
    private final Map<RegisterKey, History> histories = new HashMap<>();
    /** Not begun yet: some begin by the clock, most when ownership moves. */
    private final ArrayDeque<SimClient> idle = new ArrayDeque<>();

    private final List<String> violations = new ArrayList<>();
    private final Map<Long, View> decided = new HashMap<>();
    private final Map<NodeId, Long> stages = new HashMap<>();
    private final Map<NodeId, UUID> clusters = new HashMap<>();
    private final Map<NodeId, Map<NodeId, MemberState>> opinions = new HashMap<>();
    private final Set<Set<NodeId>> severed = new HashSet<>();
    private @Nullable ViewNode lost;
    private boolean healed;
    private long minorities;

    /** How much happens. */
    enum Extent {
        /** Three to five nodes come and fail. */
        SMALL,
        /** Four to nine, and an operator changes the view every few seconds. */
        LARGE
    }

    ViewSimulation(long seed, Slip slip) {
        this(seed, slip, Extent.SMALL);
    }

    ViewSimulation(long seed, Slip slip, Extent extent) {
        this.slip = slip;
        this.extent = extent;
        loop = new SimLoop(seed);
        random = loop.fork();
        network = new SimNetwork(loop, new Weather(pick(0, 0.02, 0.1, 0.2), pick(0, 0.1), pick(2, 20, 100)));
        double slowPull = pick(0, 800, 3_000);
        double slowNews = pick(0, 0, 300, 1_500);
        network.courier((from, to, kind) -> healed ? 0 : slowness(kind, slowPull, slowNews));
        evictAfter = random.nextBoolean() ? SOON_EVICTED : LONG;
        int size = extent == Extent.SMALL ? 3 + random.nextInt(3) : 4 + random.nextInt(6);
        long maxSyncNanos = (long) (pick(0.1, 5, 20) * 1e6);
        boolean rival = random.nextInt(4) == 0;
        for (int i = 0; i < size; i++) {
            NodeId id = new NodeId(new UUID(0, i + 1));
            MemberInfo info =
                    new MemberInfo(id, "n" + i, "", 1, new NodeAddress("host" + i, 0, 1, 1), 1, MemberState.ALIVE);
            SimStore store = new SimStore(loop, id, maxSyncNanos, Set.of(), row -> {});
            nodes.add(new ViewNode(this, info, (long) pick(0, 0, 40, -40), i == 0 || rival && i == 1, store));
        }
        double paceMillis = pick(30, 100, 300);
        for (int shard = 0; shard < KEYS; shard++) {
            RegisterKey key = new RegisterKey("photos", shard, "sunset.jpg");
            History history = new History();
            histories.put(key, history);
            for (int i = 0; i < CLIENTS_PER_KEY; i++) {
                ViewNode node = nodes.get(random.nextInt(size));
                SimClient client = new SimClient(loop, node, key, history, MIX, OPERATIONS, paceMillis);
                clients.put(client.numbered(i), node);
                idle.add(client);
            }
        }
        shuffle(idle, random);
        operator = new SimOperator(loop, loop.fork(), nodes, () -> healed);
    }

    /** Draws moves out, so that much happens in them, and lets nodes be of different opinions for longer. */
    private double slowness(io.keplerfs.rpc.Kind kind, double pull, double news) {
        return random.nextDouble()
                * switch (kind) {
                    case SYNC_PULL -> pull;
                    case VIEW_OFFER -> news;
                    default -> 0;
                };
    }

    private static void shuffle(ArrayDeque<SimClient> clients, SplittableRandom random) {
        List<SimClient> mixed = new ArrayList<>(clients);
        Collections.shuffle(mixed, new Random(random.nextLong()));
        clients.clear();
        clients.addAll(mixed);
    }

    private double pick(double... choices) {
        return choices[random.nextInt(choices.length)];
    }

    /** What went wrong; empty if nothing did. */
    List<String> run() {
        nodes.stream().filter(ViewNode::founds).forEach(ViewNode::start);
        if (random.nextInt(3) == 0) {
            loop.runUntil(() -> false, Duration.ofNanos(random.nextLong(60_000_000)));
            nodes.get(0).crash();
            nodes.get(0).start();
        }
        nodes.forEach(this::lookAround);
        if (!loop.runUntil(this::isOpen, LONG)) {
            violations.add("no cluster was founded, or two empty ones did not become one");
            return violations;
        }
        double together = random.nextDouble(0, 15_000);
        for (ViewNode node : nodes.subList(1, nodes.size())) {
            trouble(random.nextBoolean() ? together : random.nextDouble(0, 25_000), node::start);
        }
        for (int i = clients.size() / 3; i > 0; i--) {
            loop.after((long) (random.nextDouble(0, TROUBLE_MILLIS) * 1e6), this::wakeClient);
        }
        planCrashes();
        planPartitions();
        if (extent == Extent.LARGE) {
            operator.start();
        }
        loop.runUntil(() -> false, Duration.ofMillis((long) TROUBLE_MILLIS));
        clients.keySet().forEach(client -> wakeClient());
        heal();
        if (!loop.runUntil(this::isSettled, SETTLED_WITHIN)) {
            violations.add("no one settled ownership in the end: " + described());
        }
        if (!loop.runUntil(() -> isUsed(), LONG)) {
            violations.add("the clients did not come to an end");
        }
        readAll();
        histories.forEach((key, history) ->
                history.violations().forEach(what -> violations.add("shard " + key.shard() + ": " + what)));
        return violations;
    }

    private void wakeClient() {
        SimClient client = idle.poll();
        if (client != null) {
            client.start();
        }
    }

    private void trouble(double atMillis, Runnable what) {
        loop.after((long) (atMillis * 1e6), () -> {
            if (!healed) {
                what.run();
            }
        });
    }

    private void planCrashes() {
        for (int i = (int) pick(0, 1, 3, 8); i > 0; i--) {
            ViewNode node = nodes.get(random.nextInt(nodes.size()));
            double at = random.nextDouble(0, TROUBLE_MILLIS);
            trouble(at, () -> {
                if (node.isUp()) {
                    node.crash();
                    trouble(random.nextDouble(1, pick(50, 6_000)), () -> {
                        if (node != lost) {
                            node.start();
                        }
                    });
                }
            });
        }
        if (nodes.size() > 3 && random.nextBoolean()) {
            ViewNode dead = nodes.get(random.nextInt(nodes.size()));
            boolean returns = random.nextBoolean();
            trouble(random.nextDouble(2_000, 25_000), () -> lose(dead, returns));
        }
    }

    /** For a long time, perhaps for good; but two nodes cannot go on without one of them, so not before there are three. */
    private void lose(ViewNode node, boolean returns) {
        boolean bearable = nodes.stream()
                .filter(ViewNode::hasBeenStarted)
                .map(ViewNode::ownership)
                .allMatch(known -> known != null && known.current().members().size() >= 3);
        if (!bearable || !node.hasBeenStarted()) {
            trouble(500, () -> lose(node, returns));
            return;
        }
        lost = node;
        node.crash();
        if (returns) {
            loop.after(Duration.ofMillis(random.nextInt(10_000, 40_000)), () -> {
                lost = null;
                node.start();
            });
        }
    }

    /** Two against the others. */
    private void planPartitions() {
        for (int i = (int) pick(0, 0, 1, 2); i > 0; i--) {
            List<ViewNode> mixed = new ArrayList<>(nodes);
            ViewNode first = mixed.remove(random.nextInt(mixed.size()));
            ViewNode second = mixed.remove(random.nextInt(mixed.size()));
            Set<NodeId> side = Set.of(first.id(), second.id());
            double length = random.nextDouble(500, 20_000);
            trouble(random.nextDouble(0, TROUBLE_MILLIS), () -> {
                if (severed.isEmpty()) {
                    part(side);
                    trouble(length, this::mend);
                    trouble(QUIET.toMillis(), () -> watchMinority(side));
                }
            });
        }
    }

    private void part(Set<NodeId> side) {
        loop.note("part " + side);
        for (ViewNode one : nodes) {
            for (ViewNode other : nodes) {
                if (side.contains(one.id()) != side.contains(other.id())) {
                    network.cut(one.id(), other.id());
                    severed.add(Set.of(one.id(), other.id()));
                }
            }
        }
    }

    private void mend() {
        loop.note("mend");
        severed.clear();
        network.heal();
    }

    /** The side with less than a majority of the owners must not learn of a new view until the partition is over. */
    private void watchMinority(Set<NodeId> side) {
        Set<Ownership> known =
                nodes.stream().map(ViewNode::ownership).filter(Objects::nonNull).collect(Collectors.toSet());
        if (severed.isEmpty()
                || known.size() != 1
                || known.iterator().next().next().isPresent()) {
            return;
        }
        View standing = known.iterator().next().current();
        // Members that drain have no vote.
        List<NodeId> voters = standing.members().stream()
                .filter(member -> !member.draining())
                .map(ViewMember::id)
                .toList();
        boolean fewInside = voters.stream().filter(side::contains).count() * 2 <= voters.size();
        List<ViewNode> minority = nodes.stream()
                .filter(node -> side.contains(node.id()) == fewInside)
                .toList();
        minorities++;
        watch(minority, standing.epoch());
    }

    private void watch(List<ViewNode> minority, long epoch) {
        if (severed.isEmpty()) {
            return;
        }
        for (ViewNode node : minority) {
            Ownership known = node.ownership();
            if (known != null && known.newest().epoch() > epoch) {
                violations.add("a minority agreed on " + known.newest());
            }
        }
        loop.after(Duration.ofMillis(100), () -> watch(minority, epoch));
    }

    /** Every now and then a node sees one of the others as it is; seldom, until everything has healed, as dead. */
    private void lookAround(ViewNode observer) {
        loop.after(Duration.ofMillis(random.nextInt(50, 600)), () -> lookAround(observer));
        ViewNode other = nodes.get(random.nextInt(nodes.size()));
        if (!observer.isUp() || other == observer || !other.hasBeenStarted()) {
            return;
        }
        boolean answers = other.isUp() && !severed.contains(Set.of(observer.id(), other.id()));
        boolean mistaken = !healed && random.nextInt(25) == 0;
        if (answers) {
            observer.meets(other);
        }
        if (!inOneCluster(observer, other) && other.isUp()) {
            return;
        }
        Map<NodeId, MemberState> opinion = opinions.computeIfAbsent(observer.id(), id -> new HashMap<>());
        opinion.put(other.id(), answers && !mistaken ? MemberState.ALIVE : MemberState.DEAD);
    }

    /** The membership keeps nodes of other clusters out. */
    private static boolean inOneCluster(ViewNode one, ViewNode other) {
        return one.views() != null
                && other.views() != null
                && one.views().clusterId().isPresent()
                && one.views().clusterId().equals(other.views().clusterId());
    }

    private void heal() {
        loop.note("heal");
        healed = true;
        if (extent == Extent.LARGE) {
            // A drain waits for every owner, and an owner that is lost need not be evicted: its zone may be lost with
            // it.
            lost = null;
        }
        mend();
        network.weather(Weather.FINE);
        nodes.stream().filter(node -> node != lost).forEach(ViewNode::start);
    }

    /** Whether everybody alive knows the same, nothing moves, and all who should be are members. */
    private boolean isSettled() {
        Set<Optional<Ownership>> known =
                alive().map(node -> Optional.ofNullable(node.ownership())).collect(Collectors.toSet());
        Ownership one = known.size() == 1 ? known.iterator().next().orElse(null) : null;
        return one != null
                && one.next().isEmpty()
                && alive().allMatch(node ->
                        one.current().has(node.id()) != one.current().departed().contains(node.id()))
                && one.current().members().stream().noneMatch(ViewMember::draining)
                && !isOverdue(one.current());
    }

    /** Whether the dead node should have been evicted. */
    private boolean isOverdue(View standing) {
        return lost != null
                && evictAfter.equals(SOON_EVICTED)
                && standing.has(lost.id())
                && standing.members().size() > REPLICATION;
    }

    /** How many decided views have fewer members than the one before. */
    long evictions() {
        return decided.values().stream()
                .filter(view -> decided.containsKey(view.epoch() - 1)
                        && decided.get(view.epoch() - 1).members().size()
                                > view.members().size())
                .count();
    }

    long drained() {
        return operator.drained();
    }

    long minoritiesWatched() {
        return minorities;
    }

    private boolean isUsed() {
        return clients.entrySet().stream()
                .allMatch(client -> client.getValue() == lost || client.getKey().isFinished());
    }

    private Stream<ViewNode> alive() {
        return nodes.stream().filter(node -> node != lost);
    }

    private void readAll() {
        List<ViewNode> readers = alive().toList();
        histories.forEach((key, history) -> {
            for (ViewNode reader : List.of(readers.get(0), readers.get(readers.size() - 1))) {
                Call call = history.call(Kind.GET, RegisterValue.NONE.id(), "final", loop.nowNanos());
                boolean[] over = {false};
                new SimClient(loop, reader, key, history, List.of(), 0, 1_000).read(call, () -> over[0] = true);
                loop.runUntil(() -> over[0], Duration.ofMinutes(2));
                if (call.result != Result.DONE) {
                    violations.add("a read of shard " + key.shard() + " failed after everything had healed");
                }
            }
        });
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
        Map<NodeId, MemberState> opinion = opinions.getOrDefault(observer.id(), Map.of());
        return nodes.stream()
                .filter(node -> node == observer || opinion.containsKey(node.id()))
                .map(node -> node.info().withState(opinion.getOrDefault(node.id(), MemberState.ALIVE)))
                .toList();
    }

    @Override
    public void knows(ViewNode node, Ownership known) {
        loop.note(node.info().label() + " knows stage " + known.stage() + ", moves to " + known.next());
        UUID cluster = known.current().clusterId();
        if (!cluster.equals(clusters.put(node.id(), cluster))) {
            stages.remove(node.id());
        }
        long before = stages.getOrDefault(node.id(), 0L);
        if (known.stage() < before) {
            violations.add(node.info().label() + " fell from stage " + before + " to " + known.stage());
        }
        stages.put(node.id(), known.stage());
        operator.watch(known, histories.keySet(), violations::add);
        if (known.stage() > before && known.current().epoch() + random.nextInt(2) > 1) {
            loop.after(random.nextLong(200_000_000), this::wakeClient);
        }
        if (known.newest().epoch() > 1) {
            agree(node, known.current());
            known.next().ifPresent(view -> agree(node, view));
        }
    }

    private void agree(ViewNode node, View view) {
        View same = decided.putIfAbsent(view.epoch(), view);
        if (same != null && !same.equals(view)) {
            violations.add(node.info().label() + " knows " + view + ", others " + same);
        }
        View before = decided.get(view.epoch() - 1);
        if (before != null && view.activeMembers() < Math.min(before.activeMembers(), REPLICATION)) {
            violations.add(view + " has fewer owners than copies");
        }
    }

    @Override
    public boolean isOpen() {
        Set<UUID> all = nodes.stream()
                .map(ViewNode::views)
                .filter(Objects::nonNull)
                .map(Views::clusterId)
                .flatMap(Optional::stream)
                .collect(Collectors.toSet());
        return all.size() == 1 && nodes.stream().anyMatch(node -> node.ownership() != null);
    }

    long epochs() {
        return decided.keySet().stream().mapToLong(epoch -> epoch).max().orElse(1);
    }

    Collection<History> histories() {
        return histories.values();
    }

    String described() {
        StringBuilder text = new StringBuilder("evictAfter " + evictAfter + ", lost "
                + (lost == null ? "nobody" : lost.info().label()));
        nodes.forEach(node -> text.append("; ")
                .append(node.info().label())
                .append(node.isUp() ? " up " : " down ")
                .append(node.ownership()));
        return text.toString();
    }

    /** For a replay: what everybody did and knew, without every message. */
    String story() {
        String news = loop.trace().stream()
                .filter(line -> !line.contains(" > ") && !line.contains(" < "))
                .collect(Collectors.joining("\n"));
        return news + "\n" + histories;
    }
}
