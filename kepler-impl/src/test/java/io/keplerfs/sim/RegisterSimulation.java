package io.keplerfs.sim;

import io.keplerfs.register.RegisterValue;
import io.keplerfs.sim.History.Call;
import io.keplerfs.sim.History.Kind;
import io.keplerfs.sim.History.Result;
import io.keplerfs.sim.SimNetwork.Weather;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * One seed: five nodes with a client each, three of them owners of one register, under bad weather, skewed clocks, crashes and
 * partitions; if asked, while the register moves from nodes 1-3 to nodes 2-4. Then everything heals and is read once more.
 */
final class RegisterSimulation {
    private static final int NODES = 5;
    private static final Duration LIMIT = Duration.ofMinutes(30);

    private static final List<List<Kind>> MIXES = List.of(
            List.of(Kind.PUT, Kind.PUT, Kind.ERASE, Kind.SWAP, Kind.CREATE, Kind.BUILD, Kind.GET),
            List.of(Kind.PUT, Kind.BUILD, Kind.BUILD, Kind.BUILD, Kind.GET),
            List.of(Kind.ERASE, Kind.SWAP, Kind.SWAP, Kind.SWAP, Kind.CREATE, Kind.GET),
            List.of(Kind.BUILD, Kind.BUILD, Kind.SWAP, Kind.GET),
            List.of(Kind.FENCED, Kind.FENCED, Kind.PUT, Kind.BUILD, Kind.ERASE, Kind.GET));

    private static final long JUMP_MILLIS = Duration.ofHours(3).toMillis();
    private static final Duration REPLAYS_ARE_OVER = Duration.ofMinutes(11);

    /** Classes of trouble, beside loss, delay, order, duplicates and skewed clocks. */
    enum Trouble {
        CRASHES,
        PARTITIONS,
        ONE_WAY_CUTS,
        PAUSES,
        CLOCK_JUMPS,
        SLOW_SYNCS,
        DISK_ERRORS,
        REPLAY;

        /** Half of the seeds have about half of them, so that the common ones do not hide what the others do. */
        static Set<Trouble> draw(SplittableRandom random) {
            Set<Trouble> drawn = EnumSet.allOf(Trouble.class);
            if (random.nextBoolean()) {
                drawn.removeIf(trouble -> random.nextBoolean());
            }
            return drawn;
        }
    }

    private static final List<List<Kind>> DELETES = List.of(
            List.of(Kind.PUT, Kind.ERASE, Kind.ERASE, Kind.CREATE, Kind.GET),
            List.of(Kind.PUT, Kind.ERASE, Kind.ERASE, Kind.CREATE, Kind.GET),
            List.of(Kind.FENCED, Kind.ERASE, Kind.ERASE, Kind.CREATE, Kind.GET));

    private final SimLoop loop;
    private final SplittableRandom random;
    private final History history = new History();
    private final RegisterKey key = new RegisterKey("photos", 0, "sunset.jpg");
    private final Map<Ballot, RegisterRow> accepted = new HashMap<>();
    private final List<SimNode> nodes = new ArrayList<>();
    private final List<SimClient> clients = new ArrayList<>();
    private final SimOwnership.Script script;
    private final SimNetwork network;
    private final double paceMillis;
    private final boolean moves;
    private final Set<Trouble> swarm;
    private final boolean sweeps;
    private final Duration tombstoneAge;
    private boolean healed;

    RegisterSimulation(long seed, boolean moves, Mistakes mistakes) {
        this(seed, moves, mistakes, false);
    }

    /** @param sweeps whether tombstones are removed after seconds, and files are deleted and created all the time */
    RegisterSimulation(long seed, boolean moves, Mistakes mistakes, boolean sweeps) {
        this.loop = new SimLoop(seed);
        this.random = loop.fork();
        this.moves = moves;
        List<NodeId> ids = IntStream.rangeClosed(1, NODES)
                .mapToObj(i -> new NodeId(new UUID(0, i)))
                .toList();
        this.script =
                new SimOwnership.Script(key, ids.subList(0, 3), ids.subList(moves ? 1 : 0, moves ? 4 : 3), mistakes);
        this.paceMillis = pick(3, 10, 40);
        this.swarm = Trouble.draw(random);
        this.sweeps = sweeps;
        if (sweeps) {
            // The age of a tombstone is told by the clock: one that jumps would forget retries that are still under
            // way.
            swarm.remove(Trouble.CLOCK_JUMPS);
            history.forgetTombstones();
        }
        this.tombstoneAge = Duration.ofMillis((long) (80 * paceMillis) + 1_500);
        this.network = new SimNetwork(
                loop,
                new Weather(pick(0, 0.05, 0.2, 0.3), pick(0, 0.1), paceMillis, chosen(Trouble.REPLAY) ? 0.05 : 0));
        long maxSyncNanos = (long) (pick(0.1, 2, 20) * 1e6);
        Duration roundTimeout = Duration.ofNanos((long) (paceMillis * 2.5e6) + 2 * maxSyncNanos);
        SimNode.World world = new SimNode.World(loop, network, script, roundTimeout);
        double skewMillis = pick(0, 30, 100, 600);
        int operations = (int) pick(3, 4, 5);
        List<List<Kind>> mixes = sweeps ? DELETES : MIXES;
        List<Kind> mix = mixes.get(random.nextInt(mixes.size()));
        for (NodeId id : ids) {
            SimStore store = new SimStore(loop, id, maxSyncNanos, mistakes.disk(), this::observe);
            SimNode node = new SimNode(world, id, (long) (pick(0, 0, -1, -0.3, 0.3, 1) * skewMillis), store);
            nodes.add(node);
            SimClient client = new SimClient(loop, node, key, history, mix, operations, paceMillis);
            clients.add(sweeps ? client.slow(tombstoneAge.toMillis()) : client);
        }
    }

    private boolean chosen(Trouble trouble) {
        return swarm.contains(trouble);
    }

    private double pick(double... choices) {
        return choices[random.nextInt(choices.length)];
    }

    /** What went wrong; empty if nothing did. */
    List<String> run() {
        clients.forEach(SimClient::start);
        planAll();
        if (moves) {
            planMove();
        }
        if (sweeps) {
            sweepAgain();
        }
        if (!loop.runUntil(() -> clients.stream().allMatch(SimClient::isFinished), LIMIT)) {
            history.violation("the clients did not come to an end");
        }
        heal();
        return history.violations();
    }

    private void planAll() {
        for (Trouble trouble : swarm) {
            switch (trouble) {
                case CRASHES -> planCrashes();
                case PARTITIONS -> planPartitions();
                case ONE_WAY_CUTS -> planCuts();
                case PAUSES -> somewhere(2, node -> node.pause(Duration.ofMillis(random.nextLong(1_000, 60_000))));
                case CLOCK_JUMPS -> somewhere(4, node -> node.setSkew(random.nextLong(-JUMP_MILLIS, JUMP_MILLIS)));
                case SLOW_SYNCS -> somewhere(4, node -> node.store().stall(Duration.ofMillis((long) (8 * paceMillis))));
                case DISK_ERRORS -> somewhere(2, this::breakDisk);
                case REPLAY -> {}
            }
        }
    }

    /** Does it to nodes drawn by chance at times drawn by chance. */
    private void somewhere(int mostTimes, Consumer<SimNode> what) {
        for (int i = random.nextInt(1, mostTimes + 1); i > 0; i--) {
            SimNode node = nodes.get(random.nextInt(NODES));
            trouble(random.nextDouble(0, 60) * paceMillis, () -> what.accept(node));
        }
    }

    /** A node whose disk has failed goes on saying so until it is started again. */
    private void breakDisk(SimNode node) {
        node.store().failNextCommit();
        mend(node);
    }

    private void mend(SimNode node) {
        trouble(random.nextDouble(0, 20) * paceMillis, () -> {
            if (node.store().isBroken()) {
                node.crash();
                node.restart();
            } else if (node.store().breaks()) {
                mend(node);
            }
        });
    }

    private void planCuts() {
        for (int i = random.nextInt(1, 6); i > 0; i--) {
            SimNode from = nodes.get(random.nextInt(NODES));
            SimNode to = nodes.get(random.nextInt(NODES));
            double atMillis = random.nextDouble(0, 60) * paceMillis;
            trouble(atMillis, () -> network.cut(from.id(), to.id()));
        }
        trouble(random.nextDouble(30, 90) * paceMillis, network::heal);
    }

    /** Some seeds have storms of short crashes of owners, which find what was not durable. */
    private void planCrashes() {
        boolean storm = random.nextInt(4) == 0;
        int crashes = storm ? 20 : (int) pick(0, 0, 1, 3, 6);
        for (int i = 0; i < crashes; i++) {
            SimNode node = nodes.get(random.nextInt(storm ? 3 : NODES));
            double downMillis = random.nextDouble(0, storm ? 1 : 15) * paceMillis;
            double atMillis = random.nextDouble(0, 60) * paceMillis;
            trouble(atMillis, node::crash);
            trouble(atMillis + downMillis, node::restart);
        }
    }

    private void planPartitions() {
        int partitions = (int) pick(0, 0, 1, 2);
        for (int i = 0; i < partitions; i++) {
            SimNode lonely = nodes.get(random.nextInt(NODES));
            boolean bothWays = random.nextBoolean();
            double atMillis = random.nextDouble(0, 60) * paceMillis;
            trouble(atMillis, () -> isolate(lonely, bothWays));
            trouble(atMillis + random.nextDouble(0, 30) * paceMillis, network::heal);
        }
    }

    private void isolate(SimNode lonely, boolean bothWays) {
        for (SimNode node : nodes) {
            if (node != lonely) {
                network.cut(lonely.id(), node.id());
            }
            if (node != lonely && bothWays) {
                network.cut(node.id(), lonely.id());
            }
        }
    }

    /** Nothing more is broken once everything has healed. */
    private void trouble(double atMillis, Runnable what) {
        loop.after((long) (atMillis * 1e6), () -> {
            if (!healed) {
                what.run();
            }
        });
    }

    /** Announces the transition, lets the new owners pull, and declares the new view when a majority of them is done. */
    private void planMove() {
        long begin = (long) (random.nextDouble(0, 12) * paceMillis * 1e6);
        announce(SimOwnership.BOTH, begin);
        loop.after(begin, this::watchMove);
    }

    private void announce(long stage, long delayNanos) {
        for (SimNode node : nodes) {
            long at = delayNanos + (long) (random.nextDouble(0.1, 8 * paceMillis) * 1e6);
            loop.after(at, () -> {
                if (node.isUp()) {
                    node.ownership().enter(stage);
                }
            });
        }
    }

    private void watchMove() {
        List<SimNode> owners = nodes.stream()
                .filter(node -> script.after().contains(node.id()))
                .toList();
        if (owners.stream().filter(node -> node.ownership().isSynced()).count() >= 2) {
            announce(SimOwnership.NEW, 0);
            return;
        }
        owners.stream().filter(SimNode::isUp).forEach(node -> {
            node.ownership().enter(SimOwnership.BOTH);
            node.ownership().pull();
        });
        loop.after((long) (random.nextDouble(0.5, 2.5) * paceMillis * 1e6), this::watchMove);
    }

    private void sweepAgain() {
        List<NodeId> everybody = nodes.stream().map(SimNode::id).toList();
        nodes.get(random.nextInt(NODES)).sweep(tombstoneAge, everybody);
        loop.after(healed ? Duration.ofMinutes(1) : tombstoneAge.dividedBy(5), this::sweepAgain);
    }

    /** Tombstones that were removed. */
    int swept() {
        return nodes.stream().mapToInt(SimNode::swept).sum();
    }

    private void heal() {
        healed = true;
        network.weather(Weather.FINE);
        network.heal();
        // A node that is down may have a disk that is about to fail: the second start gets a sound one.
        nodes.forEach(SimNode::restart);
        nodes.forEach(SimNode::crash);
        nodes.forEach(SimNode::restart);
        nodes.forEach(node -> node.setSkew(0));
        loop.runUntil(() -> false, chosen(Trouble.REPLAY) ? REPLAYS_ARE_OVER : Duration.ofSeconds(2));
        if (chosen(Trouble.CLOCK_JUMPS)) {
            // A node whose clock was ahead is of use again when time has caught up with its ballots.
            loop.runUntil(() -> false, Duration.ofMillis(JUMP_MILLIS + 60_000));
        }
        for (int reader : new int[] {0, 4, 2}) {
            Call call = history.call(Kind.GET, RegisterValue.NONE.id(), "final", loop.nowNanos());
            boolean[] over = {false};
            new SimClient(loop, nodes.get(reader), key, history, List.of(), 0, 1_000).read(call, () -> over[0] = true);
            loop.runUntil(() -> over[0], Duration.ofMinutes(2));
            if (call.result != Result.DONE) {
                history.violation("no progress: a read failed after everything had healed");
            }
        }
    }

    /** One ballot, one value: whoever uses a ballot twice has forgotten something. */
    private void observe(RegisterRow row) {
        RegisterRow before = row.accepted().isZero() ? null : accepted.putIfAbsent(row.accepted(), row);
        if (before != null && !Arrays.equals(before.value(), row.value())) {
            history.violation("two values under ballot " + row.accepted());
        }
    }

    History history() {
        return history;
    }

    List<String> trace() {
        return loop.trace();
    }
}
