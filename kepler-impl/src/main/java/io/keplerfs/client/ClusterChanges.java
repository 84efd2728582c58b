package io.keplerfs.client;

import io.keplerfs.ClusterStatus;
import io.keplerfs.KeplerEvent;
import io.keplerfs.Member;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What happened between two looks at a cluster. */
final class ClusterChanges {
    private ClusterChanges() {}

    /**
     * Members first, in their order, then the view. A member that is new changed from its state to its state, as for the
     * listener of an embedded node; one that is forgotten says nothing. A gateway that lags behind does not bring an old view
     * back.
     */
    static List<KeplerEvent> between(ClusterStatus before, ClusterStatus now) {
        Map<NodeId, MemberState> states = new HashMap<>();
        before.members().forEach(member -> states.put(member.id(), member.state()));
        List<KeplerEvent> events = new ArrayList<>();
        for (Member member : now.members()) {
            MemberState earlier = states.get(member.id());
            if (earlier != member.state()) {
                MemberState from = earlier == null ? member.state() : earlier;
                events.add(new KeplerEvent.MemberChanged(member.id(), member.label(), from, member.state()));
            }
        }
        boolean settledNow = now.epoch() == before.epoch() && now.settled() && !before.settled();
        if (now.epoch() > before.epoch() || settledNow) {
            events.add(new KeplerEvent.ViewChanged(now.epoch(), now.settled(), owners(now)));
        }
        return events;
    }

    /** What to compare the next look with: the newest view, the latest members. */
    static ClusterStatus latest(ClusterStatus before, ClusterStatus now) {
        boolean older =
                now.epoch() < before.epoch() || (now.epoch() == before.epoch() && before.settled() && !now.settled());
        return older
                ? new ClusterStatus(
                        now.self(),
                        now.clusterId(),
                        before.epoch(),
                        before.settled(),
                        now.replicationFactor(),
                        now.queued(),
                        now.members())
                : now;
    }

    private static List<NodeId> owners(ClusterStatus status) {
        return status.members().stream()
                .filter(Member::owner)
                .map(Member::id)
                .sorted()
                .toList();
    }
}
