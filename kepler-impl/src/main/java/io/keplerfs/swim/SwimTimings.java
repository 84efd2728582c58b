package io.keplerfs.swim;

import io.keplerfs.values.Network;
import java.time.Duration;

/**
 * Every period of the membership. All follow from the two an operator may set, in proportions that depend on
 * how far the nodes are apart, those of memberlist, but for the memory of dead and left members, which is a promise of the SPI.
 *
 * @param probeInterval one member is probed per interval
 * @param probeTimeout how long a direct probe waits before others are asked to try
 * @param gossipInterval between packets of news while there is news
 * @param gossipFanout how many members are told the news at a time
 * @param suspicionMultiplier a suspicion lasts at least this many probe intervals, times log10 of the cluster size
 * @param syncInterval between full-state exchanges with a random member, for up to 32 members; stretched with log n above
 * @param deadRetry how often a dead member is pinged, so that a healed partition grows together
 * @param deadMemory how long a dead member and its address are remembered
 * @param leftMemory how long a member that said good-bye is remembered
 * @param recentlyDead how long news still goes to a dead member, which may be falsely accused
 * @param greetAlone between hellos to one address while this node has no cluster
 * @param greetEarly between hellos to one address that is no member of our cluster, at first
 * @param greetLate the same, after {@link Greeter#EARLY_GREETINGS}
 */
record SwimTimings(
        Duration probeInterval,
        Duration probeTimeout,
        Duration gossipInterval,
        int gossipFanout,
        int suspicionMultiplier,
        Duration syncInterval,
        Duration deadRetry,
        Duration deadMemory,
        Duration leftMemory,
        Duration recentlyDead,
        Duration greetAlone,
        Duration greetEarly,
        Duration greetLate) {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private static final int PROBES_PER_DEAD_RETRY = 30;

    /** However rarely is probed, a healed partition should not wait longer. */
    private static final Duration MOST_DEAD_RETRY = Duration.ofSeconds(30);

    /** A lone accuser's suspicion lasts this many times longer: it may itself be the one that is ill. */
    private static final int LONE_ACCUSER_MULTIPLIER = 6;

    /** From this size on full-state exchanges become rarer, so that their traffic grows with log n only. */
    private static final int SYNC_SCALE_FROM = 32;

    SwimTimings {
        if (probeTimeout.isNegative() || probeTimeout.isZero() || probeTimeout.compareTo(probeInterval) >= 0) {
            throw new IllegalArgumentException("probeTimeout is " + probeTimeout
                    + "; it must be above zero and below probeInterval " + probeInterval
                    + ", or nobody else could be asked in time");
        }
    }

    static SwimTimings lan() {
        return of(Network.LAN);
    }

    static SwimTimings wan() {
        return of(Network.WAN);
    }

    static SwimTimings local() {
        return of(Network.LOCAL);
    }

    /** What a node is told that says no more than where it is. */
    static SwimTimings of(Network network) {
        return of(network, network.probeInterval(), network.probeTimeout());
    }

    static SwimTimings of(Network network, Duration probeInterval, Duration probeTimeout) {
        return switch (network) {
            case LOCAL -> of(probeInterval, probeTimeout, new Pace(10, 3, 3, 15));
            case LAN -> of(probeInterval, probeTimeout, new Pace(5, 3, 4, 30));
            case WAN -> of(probeInterval, probeTimeout, new Pace(10, 4, 6, 12));
        };
    }

    /**
     * In numbers of, or per, probe interval; at the default intervals gossip is told every 100, 200 and 500 ms, full states are
     * compared every 15, 30 and 60 s.
     */
    private record Pace(int gossipsPerProbe, int gossipFanout, int suspicionProbes, int probesPerSync) {}

    private static SwimTimings of(Duration probeInterval, Duration probeTimeout, Pace pace) {
        Duration syncInterval = probeInterval.multipliedBy(pace.probesPerSync);
        Duration retry = probeInterval.multipliedBy(PROBES_PER_DEAD_RETRY);
        Duration greet = probeInterval.compareTo(SECOND) < 0 ? probeInterval : SECOND;
        return new SwimTimings(
                probeInterval,
                probeTimeout,
                probeInterval.dividedBy(pace.gossipsPerProbe),
                pace.gossipFanout,
                pace.suspicionProbes,
                syncInterval,
                retry.compareTo(MOST_DEAD_RETRY) < 0 ? retry : MOST_DEAD_RETRY,
                Duration.ofHours(24),
                Duration.ofMinutes(1),
                syncInterval,
                greet,
                greet.multipliedBy(5),
                greet.multipliedBy(30));
    }

    /** How long a suspicion lasts that enough others confirm. */
    long shortestSuspicionNanos(int members) {
        return (long) (suspicionMultiplier * Math.max(1, Math.log10(members)) * probeInterval.toNanos());
    }

    /** How long a suspicion lasts that nobody confirms. */
    long longestSuspicionNanos(int members) {
        return LONE_ACCUSER_MULTIPLIER * shortestSuspicionNanos(members);
    }

    long syncNanos(int members) {
        double doublings = Math.log((double) members / SYNC_SCALE_FROM) / Math.log(2);
        return syncInterval.toNanos() * (1 + (long) Math.ceil(Math.max(0, doublings)));
    }
}
