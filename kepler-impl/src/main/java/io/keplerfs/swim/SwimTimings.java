package io.keplerfs.swim;

import java.time.Duration;

/**
 * Every period of the membership. Three presets, {@link #lan}, {@link #wan} and {@link #local}; all others follow from the two an
 * operator may set, in the proportions of the LAN preset, but for the memory of dead and left members, which is a promise of the
 * SPI.
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
 * @param suspicionMultiplier a suspicion lasts at least so many probe intervals, times log10 of the cluster size
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
        Duration greetLate,
        int suspicionMultiplier) {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private static final int LAN_SUSPICION = 4;

    /** Far apart, more is lost at once and for longer. */
    private static final int WAN_SUSPICION = 6;

    /** On one machine nothing is lost. */
    private static final int LOCAL_SUSPICION = 3;

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

    /** One local network: probes each 1 s that wait 500 ms. */
    static SwimTimings lan() {
        return of(SECOND, Duration.ofMillis(500));
    }

    /** Sites far apart: probes each 5 s that wait 3 s, suspicions half as long again, states compared twice as rarely. */
    static SwimTimings wan() {
        return of(Duration.ofSeconds(5), Duration.ofSeconds(3));
    }

    /** One machine: probes each 1 s that wait 200 ms, news twice as fast, shorter suspicions. */
    static SwimTimings local() {
        return of(SECOND, Duration.ofMillis(200));
    }

    /** The preset with these two, if there is one; else the LAN preset, stretched to this interval. */
    static SwimTimings of(Duration probeInterval, Duration probeTimeout) {
        if (probeInterval.equals(SECOND.multipliedBy(5)) && probeTimeout.equals(SECOND.multipliedBy(3))) {
            return with(probeInterval, probeTimeout, SECOND.dividedBy(2), SECOND.multipliedBy(60), WAN_SUSPICION);
        }
        if (probeInterval.equals(SECOND) && probeTimeout.equals(SECOND.dividedBy(5))) {
            return with(probeInterval, probeTimeout, SECOND.dividedBy(10), SECOND.multipliedBy(15), LOCAL_SUSPICION);
        }
        return with(
                probeInterval, probeTimeout, probeInterval.dividedBy(5), probeInterval.multipliedBy(30), LAN_SUSPICION);
    }

    private static SwimTimings with(
            Duration probeInterval,
            Duration probeTimeout,
            Duration gossipInterval,
            Duration syncInterval,
            int suspicionMultiplier) {
        Duration greet = probeInterval.compareTo(SECOND) < 0 ? probeInterval : SECOND;
        Duration retry = probeInterval.multipliedBy(30);
        return new SwimTimings(
                probeInterval,
                probeTimeout,
                gossipInterval,
                syncInterval,
                retry.compareTo(MOST_DEAD_RETRY) < 0 ? retry : MOST_DEAD_RETRY,
                Duration.ofHours(24),
                Duration.ofMinutes(1),
                syncInterval,
                greet,
                greet.multipliedBy(5),
                greet.multipliedBy(30),
                suspicionMultiplier);
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
