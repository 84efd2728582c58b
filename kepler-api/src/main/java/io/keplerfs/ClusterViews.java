package io.keplerfs;

import io.keplerfs.values.NodeId;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * What an operator sees and changes of the agreed view. Safe for use by several threads.
 *
 * <p>Every change is agreed by a majority of the voters before its future completes. A change that is not possible fails with
 * {@link PreconditionFailedException}, which says why; one that could not be agreed within 30 s fails with
 * {@link UnavailableException}: it may be agreed yet, and asking again is safe.
 */
public interface ClusterViews {
    CompletableFuture<ViewStatus> statusAsync();

    default ViewStatus status() throws KeplerException {
        return Waiting.forResult(statusAsync());
    }

    /**
     * Begins to take a live node away: it owns nothing any more, and once every owner has a copy of all it holds, it is removed
     * from the view by itself and can be stopped. Completes when the beginning is agreed; watch {@link #status} for the end: the
     * node is among the departed then. Refused if fewer owners than copies would remain.
     */
    CompletableFuture<Void> drainAsync(NodeId node);

    default void drain(NodeId node) throws KeplerException {
        Waiting.forResult(drainAsync(node));
    }

    /** Makes a draining member an owner again, and lets a departed node in again if it runs. */
    CompletableFuture<Void> cancelDrainAsync(NodeId node);

    default void cancelDrain(NodeId node) throws KeplerException {
        Waiting.forResult(cancelDrainAsync(node));
    }

    /**
     * Removes a dead member now, without waiting for {@code evictAfter}. Refused for one that is alive or suspected, and if fewer
     * owners than copies would remain. If it comes back it joins as a new member.
     */
    CompletableFuture<Void> evictAsync(NodeId node);

    default void evict(NodeId node) throws KeplerException {
        Waiting.forResult(evictAsync(node));
    }

    /**
     * <b>Loses data.</b> Goes on without nodes that are gone for good although a majority of the voters or of some owners is among
     * them: the answering node, which must be among the survivors, makes a view of the survivors that nobody else agrees to. Every
     * acknowledged write of which no survivor has a copy is lost. Nodes that are not named and come back join empty: what they
     * keep of manifests is set aside and never served again. Ask one node only; never while the others may still be running on
     * their own side of a broken network, because what is written there is lost too.
     *
     * <p>Refused unless every survivor answers, no living member is left out, and a majority is really lost.
     */
    CompletableFuture<Void> forceAsync(List<NodeId> survivors);

    default void force(List<NodeId> survivors) throws KeplerException {
        Waiting.forResult(forceAsync(survivors));
    }
}
