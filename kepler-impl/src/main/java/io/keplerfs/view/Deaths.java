package io.keplerfs.view;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Since when members have been dead without a break, as this node sees it. Kept in memory: a node that restarts counts anew, and
 * counts a member of the view of which the membership does not know anything as dead from then on. So whoever proposes, a member
 * that is gone is evicted in the end, only later.
 *
 * <p>A member that has said good-bye counts as a dead one: without a drain a planned stop is a restart.
 */
final class Deaths {
    private final Map<NodeId, Long> sinceNanos = new HashMap<>();

    /** @param members what the membership says; those not in it are unknown */
    void note(View view, Map<NodeId, MemberInfo> members, NodeId self, long nowNanos) {
        Set<NodeId> inView = Set.copyOf(view.ids());
        sinceNanos.keySet().removeIf(id -> !inView.contains(id));
        for (NodeId id : inView) {
            MemberInfo info = members.get(id);
            if (!id.equals(self) && isGone(info)) {
                sinceNanos.putIfAbsent(id, nowNanos);
            } else {
                sinceNanos.remove(id);
            }
        }
    }

    static boolean isGone(@Nullable MemberInfo info) {
        return info == null || info.state() == MemberState.DEAD || info.state() == MemberState.LEFT;
    }

    boolean isDead(NodeId id) {
        return sinceNanos.containsKey(id);
    }

    List<NodeId> deadFor(Duration atLeast, View view, long nowNanos) {
        return view.ids().stream()
                .filter(this::isDead)
                .filter(id -> nowNanos - sinceNanos.getOrDefault(id, nowNanos) >= atLeast.toNanos())
                .toList();
    }
}
