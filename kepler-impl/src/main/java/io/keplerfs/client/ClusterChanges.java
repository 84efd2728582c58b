package io.keplerfs.client;

import io.keplerfs.ClusterStatus;
import io.keplerfs.KeplerEvent;
import io.keplerfs.Member;
import io.keplerfs.values.NodeId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What happened between two looks at a cluster. */
final class ClusterChanges {
    private ClusterChanges() {}

    /**
     * Members first, in their order, then the view; the same kinds of events as from an embedded node. A member that is forgotten
     * says nothing. A gateway that lags behind does not bring an old view back.
     */
    static List<KeplerEvent> between(ClusterStatus before, ClusterStatus now) {
        Map<NodeId, Member> earlier = new HashMap<>();
        before.members().forEach(member -> earlier.put(member.id(), member));
        List<KeplerEvent> events = new ArrayList<>();
        for (Member member : now.members()) {
            compare(earlier.get(member.id()), member, events);
        }
        boolean settledNow = now.epoch() == before.epoch() && now.settled() && !before.settled();
        if (now.epoch() > before.epoch() || settledNow) {
            events.add(new KeplerEvent.ViewChanged(now.epoch(), now.settled(), owners(now)));
        }
        return events;
    }

    private static void compare(@Nullable Member earlier, Member now, List<KeplerEvent> events) {
        if (earlier == null) {
            events.add(new KeplerEvent.MemberJoined(now.id(), now.label(), now.address(), now.state()));
            return;
        }
        if (earlier.state() != now.state()) {
            events.add(new KeplerEvent.MemberChanged(now.id(), now.label(), earlier.state(), now.state()));
        }
        if (!earlier.address().equals(now.address())) {
            events.add(new KeplerEvent.MemberMoved(now.id(), now.label(), earlier.address(), now.address()));
        }
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
                        now.queuedCopies(),
                        now.localHealth(),
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
