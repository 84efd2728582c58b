package io.keplerfs.view;

import io.keplerfs.ring.RingMember;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Which view the membership asks for, without any operator: whoever is alive is in, with the zone, weight, label and address it
 * has now; one that has long been dead is out.
 */
final class NextView {
    /** A larger part of the view than this, dead at the same time, is the network and not the nodes. */
    static final int LARGEST_DEAD_FRACTION = 4;

    private final Deaths deaths;
    private final Duration evictAfter;
    private final Fault fault;

    NextView(Deaths deaths, Duration evictAfter, Fault fault) {
        this.deaths = deaths;
        this.evictAfter = evictAfter;
        this.fault = fault;
    }

    /** By id; the members of the view itself if nothing is to change. */
    List<ViewMember> after(View current, Map<NodeId, MemberInfo> members, long nowNanos) {
        Optional<NodeId> evicted = evictable(current, nowNanos);
        List<ViewMember> next = new ArrayList<>();
        for (ViewMember member : current.members()) {
            MemberInfo info = members.get(member.id());
            if (!evicted.equals(Optional.of(member.id()))) {
                next.add(info != null && isWelcome(info) ? member.refreshed(info) : member);
            }
        }
        members.values().stream()
                .filter(info -> isWelcome(info) && !current.has(info.id()))
                .filter(info -> !current.departed().contains(info.id()))
                .map(info -> ViewMember.joining(info, current.epoch() + 1))
                .forEach(next::add);
        next.sort(Comparator.comparing(ViewMember::id));
        return next;
    }

    /** What a peer says of its weight has come over the network. */
    private static boolean isWelcome(MemberInfo info) {
        return info.state() == MemberState.ALIVE && info.weight() >= 1 && info.weight() <= RingMember.MAX_WEIGHT;
    }

    /** One at a time, never below N members, never when so many died together that it must be the network. */
    private Optional<NodeId> evictable(View current, long nowNanos) {
        List<NodeId> dead = current.ids().stream().filter(deaths::isDead).toList();
        boolean tooMany =
                dead.size() * LARGEST_DEAD_FRACTION > current.members().size();
        if ((tooMany && fault != Fault.EVICTS_BELOW_N) || wholeZoneIsDead(current, dead)) {
            return Optional.empty();
        }
        return deaths.deadFor(evictAfter, current, nowNanos).stream()
                .filter(id -> staysAboveN(current, id) || fault == Fault.EVICTS_BELOW_N)
                .findFirst();
    }

    /** Whether as many owners as copies remain without this member. */
    static boolean staysAboveN(View view, NodeId without) {
        boolean owns = view.member(without).filter(member -> !member.draining()).isPresent();
        return !owns || view.activeMembers() > view.replication();
    }

    private static boolean wholeZoneIsDead(View current, List<NodeId> dead) {
        Map<String, List<ViewMember>> zones =
                current.members().stream().collect(Collectors.groupingBy(ViewMember::zone));
        return zones.size() > 1
                && zones.values().stream()
                        .anyMatch(zone -> zone.stream().allMatch(member -> dead.contains(member.id())));
    }
}
