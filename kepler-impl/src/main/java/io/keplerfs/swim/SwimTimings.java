package io.keplerfs.swim;

import java.time.Duration;

/**
 * Every period of the membership. All follow from the two an operator may set, in the proportions of the Lifeguard paper's
 * LAN defaults, but for the memory of dead and left members, which is a promise of the SPI.
 *
 * @param probeInterval one member is probed per interval
 * @param probeTimeout how long a direct probe waits before others are asked to try
 * @param gossipInterval between packets of news while there is news
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
        Duration syncInterval,
        Duration deadRetry,
        Duration deadMemory,
        Duration leftMemory,
        Duration recentlyDead,
        Duration greetAlone,
        Duration greetEarly,
        Duration greetLate) {
    private static final Duration SECOND = Duration.ofSeconds(1);

    /** Suspicion lasts at least this many probe intervals, times log10 of the cluster size. */
    private static final int SUSPICION_MULTIPLIER = 4;

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

    /** One local network: 1 s and 500 ms. */
    static SwimTimings lan() {
        return of(SECOND, Duration.ofMillis(500));
    }

    static SwimTimings of(Duration probeInterval, Duration probeTimeout) {
        Duration greet = probeInterval.compareTo(SECOND) < 0 ? probeInterval : SECOND;
        return new SwimTimings(
                probeInterval,
                probeTimeout,
                probeInterval.dividedBy(5),
                probeInterval.multipliedBy(30),
                probeInterval.multipliedBy(30),
                Duration.ofHours(24),
                Duration.ofMinutes(1),
                probeInterval.multipliedBy(30),
                greet,
                greet.multipliedBy(5),
                greet.multipliedBy(30));
    }

    /** How long a suspicion lasts that enough others confirm. */
    long shortestSuspicionNanos(int members) {
        return (long) (SUSPICION_MULTIPLIER * Math.max(1, Math.log10(members)) * probeInterval.toNanos());
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
