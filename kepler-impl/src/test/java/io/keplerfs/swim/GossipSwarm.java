package io.keplerfs.swim;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** Some minutes in which everything a seed allows goes wrong, and then peace. */
final class GossipSwarm {
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);
    private static final Duration FAULTS = Duration.ofMinutes(4);

    /** Suspicions by one accuser, retries of the dead and rare greetings, each half a minute, and once more. */
    private static final Duration HEALING = Duration.ofMinutes(4);

    /** Later than any packet that is replayed. */
    private static final Duration QUIET = Duration.ofMinutes(10);

    private final GossipNetwork network;
    private final SplittableRandom random;
    private final Set<GossipFault> faults = EnumSet.allOf(GossipFault.class);
    private final List<String> seeds = List.of("seed-0:4000", "seed-1:4000", "seed-2:4000");
    private final List<GossipNode> places = new ArrayList<>();
    private int nextNumber;

    /** What a swarm of this seed runs on: half of them with a secret. */
    static String secret(long seed) {
        return new SplittableRandom(~seed).nextBoolean() ? "a secret of the swarm" : "";
    }

    GossipSwarm(GossipNetwork network) {
        this.network = network;
        random = network.random.split();
        if (random.nextBoolean()) {
            faults.removeIf(fault -> random.nextBoolean());
        }
    }

    void run() {
        int size = random.nextInt(4, 11);
        for (nextNumber = 0; nextNumber < size; nextNumber++) {
            if (nextNumber < seeds.size()) {
                network.name("seed-" + nextNumber, Members.address(nextNumber).host());
            }
            places.add(network.start(Members.member(nextNumber), seeds));
        }
        settle("forms");
        for (long end = network.nowNanos() + FAULTS.toNanos(); network.nowNanos() < end; ) {
            network.run(Duration.ofMillis(random.nextLong(200, 8_000)));
            strike();
        }
        network.heal();
        network.lives.forEach(GossipNode::unblock);
        network.run(LONGEST_PAUSE);
        settle("heals");
        network.run(QUIET);
        network.settled();
    }

    private void settle(String what) {
        boolean settled = network.runUntil(
                HEALING,
                Duration.ofSeconds(1),
                () -> Invariants.NoWrongVerdictSurvives.wrongVerdict(network).isEmpty());
        if (!settled) {
            throw network.fail("after " + HEALING + " the cluster of this swarm has not settled, while it " + what
                    + ": " + Invariants.NoWrongVerdictSurvives.wrongVerdict(network));
        }
    }

    private void strike() {
        List<GossipFault> possible = List.copyOf(faults);
        if (possible.isEmpty()) {
            return;
        }
        GossipFault fault = possible.get(random.nextInt(possible.size()));
        int place = random.nextInt(places.size());
        GossipNode victim = places.get(place);
        network.trace("fault", victim.number, victim.number, fault.name().hashCode(), fault);
        switch (fault) {
            case DELAY, DROP, DUPLICATE, REPLAY, BIT_FLIP, STREAM_RESET -> network.weather(weather());
            case ONE_WAY_PARTITION, PARTIAL_PARTITION -> partition(fault == GossipFault.ONE_WAY_PARTITION);
            case CLOG -> {
                Set<GossipNode> slow = someNodes();
                network.clog((from, to) -> slow.contains(to), Duration.ofMillis(random.nextLong(100, 5_000)));
            }
            case SLOW_PEER -> victim.block(Duration.ofMillis(random.nextLong(500, 30_000)));
            case CRASH -> crash(victim);
            case PAUSE -> pause(victim, false);
            case CLOCK_JUMP -> pause(victim, true);
            case RESTART -> restart(place, victim.self().address(), false);
            case MOVE -> restart(place, Members.address(1000 + nextNumber++), false);
            case WIPE -> restart(place, victim.self().address(), true);
            case LEAVE -> leave(victim);
        }
    }

    private GossipWeather weather() {
        return new GossipWeather(
                chance(GossipFault.DROP, 0.3),
                chance(GossipFault.DUPLICATE, 0.3),
                chance(GossipFault.REPLAY, 0.02),
                chance(GossipFault.BIT_FLIP, 0.05),
                chance(GossipFault.STREAM_RESET, 0.3),
                Duration.ofMillis(1),
                Duration.ofMillis(faults.contains(GossipFault.DELAY) ? random.nextLong(2, 800) : 5));
    }

    private double chance(GossipFault fault, double most) {
        return faults.contains(fault) && random.nextBoolean() ? random.nextDouble(most) : 0;
    }

    private void partition(boolean oneWay) {
        Set<GossipNode> side = someNodes();
        if (random.nextInt(3) == 0) {
            network.cut((from, to) -> false);
        } else if (oneWay) {
            network.cut((from, to) -> side.contains(from) && !side.contains(to));
        } else {
            network.cut((from, to) -> side.contains(from) != side.contains(to));
        }
    }

    private Set<GossipNode> someNodes() {
        Set<GossipNode> some = new HashSet<>();
        places.forEach(node -> {
            if (random.nextInt(3) == 0) {
                some.add(node);
            }
        });
        return some;
    }

    /** Three stay, so that there is always a cluster to come back to. */
    private boolean isSpared() {
        return places.stream().filter(node -> node.up && !node.isLeaving()).count() <= 3;
    }

    private void crash(GossipNode victim) {
        if (!isSpared()) {
            victim.crash();
        }
    }

    private void leave(GossipNode victim) {
        if (!isSpared() && victim.isAwake()) {
            victim.leave();
            network.at(network.nowNanos() + Duration.ofSeconds(5).toNanos(), victim::crash);
        }
    }

    private void pause(GossipNode victim, boolean jumps) {
        if (victim.isAwake()) {
            Duration time = Duration.ofMillis(random.nextLong(1_000, LONGEST_PAUSE.toMillis()));
            victim.pause(time);
            if (jumps) {
                // A stopped machine's clock stops too; a suspended one's may go on by hours.
                victim.skewClock(
                        random.nextBoolean()
                                ? -time.toNanos()
                                : Duration.ofMinutes(random.nextLong(1, 120)).toNanos());
            }
        }
    }

    /** What is on its disk comes along: the highest incarnation it has used, and the members it knew. */
    private void restart(int place, NodeAddress address, boolean wiped) {
        GossipNode old = places.get(place);
        old.crash();
        MemberInfo was = old.self();
        int number = wiped ? 500 + nextNumber++ : 0;
        MemberInfo self = wiped
                ? new MemberInfo(Members.id(number), "node-" + number, was.zone(), 1, address, 1, MemberState.ALIVE)
                : new MemberInfo(
                        was.id(), was.label(), was.zone(), 1, address, was.incarnation() + 1, MemberState.ALIVE);
        List<MemberInfo> known = wiped
                ? List.of()
                : old.participant.members().stream()
                        .filter(member -> !member.id().equals(was.id()))
                        .toList();
        if (place < seeds.size()) {
            network.name("seed-" + place, address.host());
        }
        places.set(place, network.start(self, seeds, known));
    }
}
