package io.keplerfs.files;

import io.keplerfs.ClusterStatus;
import io.keplerfs.KeplerEvent;
import io.keplerfs.KeplerListener;
import io.keplerfs.Member;
import io.keplerfs.Subscription;
import io.keplerfs.values.NodeId;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What a node knows of its cluster's members; supplied by the composition root, which knows the membership. Any thread. */
public interface ClusterWatch {
    CompletableFuture<ClusterStatus> status();

    /** The members of these owner sets, each once, in their order. */
    CompletableFuture<List<Member>> members(List<List<NodeId>> ownerSets);

    Subscription onEvent(KeplerListener listener);

    /** Tells the listeners, on a thread of their own. */
    void emit(KeplerEvent event);
}
