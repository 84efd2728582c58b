package io.keplerfs.node;

import io.keplerfs.KeplerEvent;
import io.keplerfs.listen.Listeners;
import io.keplerfs.loop.Loop;
import io.keplerfs.spi.ClusterCard;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Membership;
import io.keplerfs.spi.Store;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Founding;
import io.keplerfs.view.ViewMember;
import io.keplerfs.view.Views;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the membership has told this node: where each member is and whether it answers. Passes it on to the loop, to the store
 * (so that a restart finds the others even if every seed is gone) and to listeners. Any thread.
 */
final class Members implements Membership.Host {
    private final Loop loop;
    private final Store store;
    private final Views views;
    private final Listeners listeners;
    private final Supplier<Founding> founding;
    private final Map<NodeId, MemberInfo> book = new ConcurrentHashMap<>();

    Members(Loop loop, Store store, Views views, Listeners listeners, Supplier<Founding> founding) {
        this.loop = loop;
        this.store = store;
        this.views = views;
        this.listeners = listeners;
        this.founding = founding;
    }

    /** What is known of a node: from the membership, or else from the view, which may be older. */
    Optional<MemberInfo> find(NodeId id) {
        MemberInfo known = book.get(id);
        if (known != null) {
            return Optional.of(known);
        }
        return views.ownership()
                .flatMap(ownership -> ownership
                        .newest()
                        .member(id)
                        .or(() -> ownership.current().member(id)))
                .map(Members::notHeardOfYet);
    }

    private static MemberInfo notHeardOfYet(ViewMember member) {
        return new MemberInfo(
                member.id(), member.label(), member.zone(), member.weight(), member.address(), 0, MemberState.SUSPECT);
    }

    @Override
    public ClusterCard card() {
        return founding.get().card();
    }

    @Override
    public void memberChanged(MemberState before, MemberInfo now) {
        MemberInfo earlier = book.put(now.id(), now);
        store.write(tables -> {
            if (now.id().equals(store.nodeId())) {
                Incarnation.keep(tables, now.incarnation());
            } else {
                tables.putPeer(now);
            }
            return null;
        });
        tell(earlier, now);
    }

    /** By what was told before: to a membership that has forgotten a member it is new, to a listener it is back. */
    private void tell(@Nullable MemberInfo earlier, MemberInfo now) {
        if (earlier == null) {
            if (!now.id().equals(store.nodeId())) {
                listeners.tell(new KeplerEvent.MemberJoined(now.id(), now.label(), now.address(), now.state()));
            }
            return;
        }
        if (earlier.state() != now.state()) {
            listeners.tell(new KeplerEvent.MemberChanged(now.id(), now.label(), earlier.state(), now.state()));
        }
        if (!earlier.address().equals(now.address())) {
            listeners.tell(new KeplerEvent.MemberMoved(now.id(), now.label(), earlier.address(), now.address()));
        }
    }

    @Override
    public void clusterMet(MemberInfo other, ClusterCard card) {
        loop.execute(() -> founding.get().met(other, card));
    }
}
