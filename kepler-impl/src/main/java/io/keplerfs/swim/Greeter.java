package io.keplerfs.swim;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Decides when to say hello to which address: seeds for ever, members of an earlier run and nodes once met for a day. Addresses
 * that answered as ourselves or as a living member of our cluster are left in peace. Pure, like {@link Detector}, and on the same
 * thread.
 *
 * <p>Greeting does not end with joining a cluster: two nodes that started apart have each founded one, and find out so.
 */
final class Greeter {
    /** About a minute of early greetings; who has not answered by then is down, not slow. */
    static final int EARLY_GREETINGS = 12;

    /** Greetings under way at once: dead addresses may hold a connection attempt for seconds, and others need room too. */
    private static final int MAX_UNDER_WAY = 4;

    /** Known addresses beside the seeds; one that answers is enough to find all others. */
    private static final int MAX_KNOWN = 256;

    private final SwimTimings timings;
    private final NodeId self;
    private final Map<Endpoint, Target> targets = new LinkedHashMap<>();
    private int underWay;

    Greeter(SwimTimings timings, NodeId self, List<Endpoint> seeds, long nowNanos) {
        this.timings = timings;
        this.self = self;
        seeds.forEach(seed -> targets.put(seed, new Target(seed, true, null, nowNanos)));
    }

    /** Remembers where a node lives or lived. */
    void met(MemberInfo other, long nowNanos) {
        Endpoint there = Endpoint.of(other.address());
        if (!other.id().equals(self) && (targets.containsKey(there) || targets.size() < MAX_KNOWN)) {
            targets.computeIfAbsent(there, endpoint -> new Target(endpoint, false, null, nowNanos))
                    .seen(other.id(), nowNanos);
        }
    }

    /** Whom to greet now, the longest overdue first; each must be followed by {@link #answered} or {@link #failed}. */
    List<Endpoint> due(boolean inCluster, Predicate<NodeId> isLivingMember, long nowNanos) {
        targets.values().removeIf(target -> target.isForgotten(nowNanos));
        List<Target> due = targets.values().stream()
                .filter(target -> !target.underWay && target.dueNanos - nowNanos <= 0)
                .sorted(Comparator.comparingLong(target -> target.dueNanos - nowNanos))
                .toList();
        List<Endpoint> greeted = new ArrayList<>();
        for (Target target : due) {
            if (isInPeace(target, inCluster, isLivingMember)) {
                // Looked at again later: the address may belong to somebody else by then.
                target.dueNanos = nowNanos + timings.greetLate().toNanos();
                target.who = self.equals(target.who) ? null : target.who;
            } else if (underWay < MAX_UNDER_WAY) {
                begin(target, inCluster, nowNanos);
                greeted.add(target.there);
            }
        }
        return greeted;
    }

    private boolean isInPeace(Target target, boolean inCluster, Predicate<NodeId> isLivingMember) {
        NodeId who = target.who;
        return who != null && (who.equals(self) || (inCluster && isLivingMember.test(who)));
    }

    private void begin(Target target, boolean inCluster, long nowNanos) {
        target.underWay = true;
        underWay++;
        target.greetings += inCluster ? 1 : 0;
        target.dueNanos = nowNanos + pause(target, inCluster).toNanos();
    }

    private Duration pause(Target target, boolean inCluster) {
        if (!inCluster) {
            return timings.greetAlone();
        }
        return target.greetings <= EARLY_GREETINGS ? timings.greetEarly() : timings.greetLate();
    }

    void answered(Endpoint there, NodeId by, long nowNanos) {
        ended(there);
        Target target = targets.get(there);
        if (target != null) {
            target.seen(by, nowNanos);
        }
    }

    void failed(Endpoint there) {
        ended(there);
        Target target = targets.get(there);
        if (target != null) {
            target.who = null;
        }
    }

    private void ended(Endpoint there) {
        underWay--;
        Target target = targets.get(there);
        if (target != null) {
            target.underWay = false;
        }
    }

    /** Our card has changed: greet everybody anew, at once. */
    void hurry(long nowNanos) {
        for (Target target : targets.values()) {
            target.dueNanos = nowNanos;
            target.greetings = 0;
        }
    }

    /** When {@link #due} may next have something. */
    long wakeNanos(long nowNanos) {
        long wait = timings.greetAlone().toNanos();
        for (Target target : targets.values()) {
            if (!target.underWay && underWay < MAX_UNDER_WAY) {
                wait = Math.min(wait, target.dueNanos - nowNanos);
            }
        }
        return nowNanos + Math.max(0, wait);
    }

    private final class Target {
        final Endpoint there;
        final boolean seed;

        /** Who answered there last. */
        @Nullable
        NodeId who;

        long seenNanos;
        long dueNanos;
        int greetings;
        boolean underWay;

        Target(Endpoint there, boolean seed, @Nullable NodeId who, long nowNanos) {
            this.there = there;
            this.seed = seed;
            this.who = who;
            seenNanos = nowNanos;
            dueNanos = nowNanos;
        }

        void seen(NodeId by, long nowNanos) {
            who = by;
            seenNanos = nowNanos;
        }

        boolean isForgotten(long nowNanos) {
            return !seed
                    && !underWay
                    && nowNanos - seenNanos >= timings.deadMemory().toNanos();
        }
    }
}
