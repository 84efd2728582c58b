package io.keplerfs.sim.whole;

import io.keplerfs.spi.RegisterRow;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Ownership;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Everything that fails in one run, drawn from its seed: half of the seeds do without half of the kinds. It never damages the
 * last good copy of anything, so that every loss is a bug.
 */
final class Trouble {
    enum Kind {
        CRASH,
        QUICK_RESTART,
        /** Every node loses its power in the moment in which a write is acknowledged. */
        POWER_CUT,
        /** The node that acknowledges the next write dies in that moment. */
        DEATH_AT_ACK,
        PAUSE,
        PARTITION,
        ONE_WAY,
        RESETS,
        LATE_REQUESTS,
        SLOW_NETWORK,
        SLOW_PEER,
        SLOW_DISK,
        FULL_DISK,
        IO_ERRORS,
        COMMIT_ERROR,
        ROT,
        MISDIRECTED_READS,
        CLOCK_JUMP,
        CLOCK_HOURS,
        MISJUDGED,
        JOIN,
        REPLACE,
        DRAIN,
        EVICT
    }

    private static final List<Kind> OPERATIONS = List.of(Kind.JOIN, Kind.REPLACE, Kind.DRAIN, Kind.EVICT);
    /** Two such clocks still believe each other's stamps. */
    private static final Duration MOST_SKEW = Duration.ofMinutes(25);

    private static final Duration MOST_HOURS = Duration.ofHours(8);

    private final WholeSimulation world;
    private final SplittableRandom random;
    private final Set<Kind> kinds = EnumSet.allOf(Kind.class);
    private final Map<String, Long> counts = new TreeMap<>();
    private final Map<NodeId, Long> skewMillis = new TreeMap<>();
    /** Nodes that may be scrapped: what they hold is no good copy for anybody else's damage. */
    private final Set<NodeId> leaving = new TreeSet<>();

    private final double paceMillis;
    private final boolean operates;
    private @Nullable Kind dueAtAck;
    private long mostSkewMillis;
    private boolean over;

    Trouble(WholeSimulation world) {
        this.world = world;
        this.random = world.loop().fork();
        if (random.nextBoolean()) {
            kinds.removeIf(kind -> random.nextBoolean());
        }
        kinds.add(Kind.PAUSE);
        operates = random.nextBoolean();
        paceMillis = List.of(2_000, 6_000, 15_000).get(random.nextInt(3));
    }

    void begin() {
        next();
        operate();
    }

    /** In half of the runs an operator changes the view every few seconds. */
    private void operate() {
        if (!operates) {
            return;
        }
        world.loop().after(random.nextLong(1_000_000_000L, 8_000_000_000L), () -> {
            if (!over) {
                List<Kind> enabled = OPERATIONS.stream().filter(kinds::contains).toList();
                if (!enabled.isEmpty()) {
                    strike(enabled.get(random.nextInt(enabled.size())));
                }
                operate();
            }
        });
    }

    private void next() {
        world.loop().after((long) (random.nextDouble(paceMillis) * 1e6), () -> {
            if (!over) {
                List<Kind> enabled = List.copyOf(kinds);
                strike(enabled.get(random.nextInt(enabled.size())));
                next();
            }
        });
    }

    void end() {
        over = true;
    }

    void count(String what) {
        counts.merge(what, 1L, Long::sum);
    }

    Map<String, Long> counts() {
        return counts;
    }

    private void strike(Kind kind) {
        List<WholeNode> nodes = world.members();
        WholeNode node = nodes.get(random.nextInt(nodes.size()));
        boolean struck = switch (kind) {
            case CRASH -> crash(node, random.nextLong(500, 30_000));
            case QUICK_RESTART -> crash(node, 1);
            case POWER_CUT, DEATH_AT_ACK -> atNextAck(kind);
            case PAUSE -> pause(node);
            case PARTITION -> partition(node, false);
            case ONE_WAY -> partition(node, true);
            case RESETS ->
                forAWhile(
                        () -> world.wires().weather.reset = random.nextDouble(0.3),
                        () -> world.wires().weather.reset = 0);
            case LATE_REQUESTS ->
                forAWhile(
                        () -> world.wires().weather.late = random.nextDouble(0.05),
                        () -> world.wires().weather.late = 0);
            case SLOW_NETWORK ->
                forAWhile(
                        () -> world.wires().weather.maxDelayMillis = random.nextDouble(5, 300),
                        () -> world.wires().weather.maxDelayMillis = 1);
            case SLOW_PEER ->
                forAWhile(
                        () -> world.wires().slow(node.id(), random.nextDouble(50, 3_000)),
                        () -> world.wires().slow(node.id(), 0));
            case SLOW_DISK ->
                forAWhile(
                        () -> node.mood.maxSyncNanos = random.nextLong(20_000_000, 2_000_000_000),
                        () -> node.mood.maxSyncNanos = 2_000_000);
            case FULL_DISK -> forAWhile(() -> node.mood.full = true, () -> node.mood.full = false);
            case IO_ERRORS -> forAWhile(() -> node.mood.ioError = 0.2, () -> node.mood.ioError = 0);
            case COMMIT_ERROR -> commitError(node);
            case ROT -> rot(node);
            case MISDIRECTED_READS -> forAWhile(() -> node.mood.misdirected = 0.1, () -> node.mood.misdirected = 0);
            case CLOCK_JUMP -> jump(node, MOST_SKEW);
            case CLOCK_HOURS -> jump(node, MOST_HOURS);
            case MISJUDGED ->
                forAWhile(() -> world.oracle().mistakes = random.nextDouble(0.3), () -> world.oracle().mistakes = 0);
            case JOIN -> world.join();
            case REPLACE -> replace(node);
            case DRAIN -> drain(node);
            case EVICT -> evict(node);
        };
        if (struck) {
            count(kind.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' '));
            world.trace().note(kind + " " + node.name());
        }
    }

    private boolean forAWhile(Runnable begin, Runnable end) {
        begin.run();
        world.loop().after(random.nextLong(500_000_000L, 20_000_000_000L), end);
        return true;
    }

    /** Most of the time a majority is there, or nothing would happen in the run. */
    private boolean mayTakeAway(WholeNode node) {
        long away = world.members().stream()
                .filter(other -> !other.isServing() || other.isPaused())
                .count();
        return node.isServing() && (away == 0 || random.nextInt(6) == 0);
    }

    private boolean atNextAck(Kind kind) {
        boolean first = dueAtAck == null;
        dueAtAck = kind;
        return first;
    }

    /** A node has just acknowledged a write. */
    void acknowledged(WholeNode by) {
        Kind due = dueAtAck;
        if (due != null && !over) {
            dueAtAck = null;
            List<WholeNode> dying = due == Kind.POWER_CUT
                    ? world.members().stream().filter(WholeNode::isUp).toList()
                    : List.of(by);
            dying.forEach(node -> {
                world.crash(node);
                world.loop().after(Duration.ofMillis(random.nextLong(500, 10_000)), node::start);
            });
        }
    }

    private boolean crash(WholeNode node, long forMillis) {
        if (!mayTakeAway(node)) {
            return false;
        }
        world.crash(node);
        world.loop().after(Duration.ofMillis(forMillis), node::start);
        return true;
    }

    private boolean pause(WholeNode node) {
        if (!mayTakeAway(node)) {
            return false;
        }
        node.life().pause(Duration.ofMillis(random.nextLong(1_000, random.nextInt(4) == 0 ? 60_000 : 6_000)));
        return true;
    }

    private boolean partition(WholeNode node, boolean oneWay) {
        Set<NodeId> side = new TreeSet<>(Set.of(node.id()));
        if (random.nextBoolean()) {
            side.add(world.members().get(random.nextInt(world.members().size())).id());
        }
        for (WholeNode inside : world.members()) {
            for (WholeNode outside : world.members()) {
                if (side.contains(inside.id()) && !side.contains(outside.id())) {
                    world.wires().cut(inside.id(), outside.id());
                    if (!oneWay) {
                        world.wires().cut(outside.id(), inside.id());
                    }
                }
            }
        }
        world.loop().after(random.nextLong(500_000_000L, 25_000_000_000L), world.wires()::heal);
        return true;
    }

    private boolean commitError(WholeNode node) {
        if (!mayTakeAway(node)) {
            return false;
        }
        node.mood.commitError = 1;
        world.loop().after(Duration.ofSeconds(2), () -> {
            node.mood.commitError = 0;
            restartIfFailed(node);
        });
        return true;
    }

    /** The operator replaces the cable. */
    void restartIfFailed(WholeNode node) {
        if (node.hasFailedDisk()) {
            world.crash(node);
            node.start();
        }
    }

    private boolean rot(WholeNode node) {
        List<ChunkId> chunks = List.copyOf(node.platter.files.keySet());
        if (chunks.isEmpty()) {
            return false;
        }
        ChunkId id = chunks.get(random.nextInt(chunks.size()));
        return mayDamage(node.id(), id)
                && node.platter.rot(id, random.nextInt(8 * 512)).isPresent();
    }

    /** Whether another disk of the cluster has an undamaged durable copy. */
    boolean mayDamage(NodeId node, ChunkId id) {
        return world.members().stream()
                .anyMatch(other ->
                        !other.id().equals(node) && !leaving.contains(other.id()) && other.platter.hasGood(id));
    }

    private boolean jump(WholeNode node, Duration most) {
        setSkew(node, random.nextLong(-most.toMillis(), most.toMillis()));
        if (most.equals(MOST_HOURS) && random.nextInt(3) > 0) {
            world.loop().after(random.nextLong(1_000_000_000L, 60_000_000_000L), () -> setSkew(node, 0));
        }
        return true;
    }

    private void setSkew(WholeNode node, long millis) {
        long before = skewMillis.getOrDefault(node.id(), 0L);
        if (!over) {
            skewMillis.put(node.id(), millis);
            mostSkewMillis = Math.max(mostSkewMillis, millis);
            node.jump(Duration.ofMillis(millis - before));
        }
    }

    /** As if so much time had passed that no clock was ever ahead of now: ages are counted from stamps of those clocks. */
    void setClocksRight() {
        for (WholeNode node : world.nodes()) {
            node.jump(Duration.ofMillis(mostSkewMillis - skewMillis.getOrDefault(node.id(), 0L)));
        }
    }

    /** An operator takes a node away, sometimes only for a while, and sometimes scraps it when it is allowed to go. */
    private boolean drain(WholeNode node) {
        WholeNode asked = world.someNode(random).orElse(null);
        if (asked == null || asked.ownership() == null || world.members().size() <= WholeSimulation.REPLICATION) {
            return false;
        }
        leaving.add(node.id());
        asked.cluster().views().drainAsync(node.id()).whenComplete((agreed, failure) -> {
            count(failure == null ? "drains agreed" : "drains refused");
            if (failure != null) {
                leaving.remove(node.id());
            }
        });
        boolean scrap = random.nextBoolean();
        world.loop().after(random.nextLong(1_000_000_000L, 90_000_000_000L), () -> endOfDrain(node, scrap));
        return true;
    }

    private void endOfDrain(WholeNode node, boolean scrap) {
        if (over || node.destroyed) {
            return;
        }
        WholeNode asked = world.someNode(random).orElse(null);
        if (asked == null || asked == node) {
            world.loop().after(1_000_000_000L, () -> endOfDrain(node, scrap));
        } else if (scrap && asked.ownership() != null && hasLeft(asked, node)) {
            count("drained nodes scrapped");
            world.trace().note("scrap " + node.name());
            world.scrap(node);
        } else {
            asked.cluster().views().cancelDrainAsync(node.id()).whenComplete((agreed, failure) -> {
                if (failure == null) {
                    count("drains taken back");
                    leaving.remove(node.id());
                }
            });
        }
    }

    private static boolean hasLeft(WholeNode asked, WholeNode node) {
        Ownership known = Objects.requireNonNull(asked.ownership());
        return known.next().isEmpty() && known.current().departed().contains(node.id());
    }

    /** The operator wants every node that there is, until every node owns. */
    void takeBack() {
        world.loop().after(Duration.ofSeconds(5), () -> {
            WholeNode asked = world.someNode(random).orElse(null);
            if (asked != null && asked.ownership() != null && !world.isSettled()) {
                world.members().stream()
                        .filter(node -> !isActive(asked, node))
                        .forEach(node -> asked.cluster().views().cancelDrainAsync(node.id()));
            }
            takeBack();
        });
    }

    private static boolean isActive(WholeNode asked, WholeNode node) {
        return Objects.requireNonNull(asked.ownership())
                .newest()
                .member(node.id())
                .filter(member -> !member.draining())
                .isPresent();
    }

    /** An operator gives up a node that is down, which comes back later. */
    private boolean evict(WholeNode node) {
        if (world.members().size() <= WholeSimulation.REPLICATION || !crash(node, random.nextLong(15_000, 60_000))) {
            return false;
        }
        world.loop()
                .after(
                        10_000_000_000L,
                        () -> world.someNode(random)
                                .ifPresent(asked -> asked.cluster()
                                        .views()
                                        .evictAsync(node.id())
                                        .whenComplete((agreed, failure) ->
                                                count(failure == null ? "evictions agreed" : "evictions refused"))));
        return true;
    }

    /** Its disk is lost, and a new node takes its place. Only if others have everything that it has. */
    private boolean replace(WholeNode node) {
        boolean settled = world.members().stream().allMatch(WholeNode::isServing) && world.isSettled();
        if (!settled || world.members().size() < WholeSimulation.REPLICATION || !othersHaveAllOf(node)) {
            return false;
        }
        world.destroy(node);
        return true;
    }

    private boolean othersHaveAllOf(WholeNode node) {
        boolean chunks = node.platter.files.keySet().stream().allMatch(id -> mayDamage(node.id(), id));
        List<RegisterRow> rows = node.onDisk(tables -> tables.registersAfter(null, Integer.MAX_VALUE));
        return chunks
                && rows.stream()
                        .allMatch(row -> world.members().stream()
                                .anyMatch(other -> other != node
                                        && other.onDisk(tables -> tables.register(row.key()))
                                                        .accepted()
                                                        .compareTo(row.accepted())
                                                >= 0));
    }
}
