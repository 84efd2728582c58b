package io.keplerfs;

import io.keplerfs.values.NodeId;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * What an operator sees and changes of the work that keeps data safe. Safe for use by several threads.
 *
 * <p>Every node repairs for itself; a call here asks all members that can be reached, or those that are named, and completes with
 * what they said after it. An order holds until the node restarts, and does not reach a node that is away: {@link
 * RepairReport#silent} names those. A work that a node does not have, or a bandwidth out of its bounds, fails with {@link
 * InvalidRequestException}; a named node that does not answer with {@link UnavailableException}, others may have followed the order
 * then, and giving it again is safe.
 */
public interface ClusterRepair {
    CompletableFuture<RepairReport> statusAsync();

    default RepairReport status() throws KeplerException {
        return Waiting.forResult(statusAsync());
    }

    /**
     * Begins a round of the work now instead of when it is due, and ends its pause. For {@code queue}: tries at once what waits for
     * its next attempt.
     *
     * @param work as {@link RepairWork#name}
     * @param nodes who is to do it; empty for all members
     */
    CompletableFuture<RepairReport> startAsync(String work, List<NodeId> nodes);

    default RepairReport start(String work, NodeId... nodes) throws KeplerException {
        return Waiting.forResult(startAsync(work, List.of(nodes)));
    }

    /**
     * Begins nothing more of the work until it is resumed; what is under way ends. A paused {@code queue} still delivers small
     * tasks, which clients wait for; copies are not made however few are left.
     */
    CompletableFuture<RepairReport> pauseAsync(String work, List<NodeId> nodes);

    default RepairReport pause(String work, NodeId... nodes) throws KeplerException {
        return Waiting.forResult(pauseAsync(work, List.of(nodes)));
    }

    /** Goes on where it was paused. */
    CompletableFuture<RepairReport> resumeAsync(String work, List<NodeId> nodes);

    default RepairReport resume(String work, NodeId... nodes) throws KeplerException {
        return Waiting.forResult(resumeAsync(work, List.of(nodes)));
    }

    /**
     * Changes the cap on what each of these nodes copies in the background.
     *
     * @param bytesPerSecond 100,000 to 100,000,000,000; to stop copies pause {@code queue}
     */
    CompletableFuture<RepairReport> throttleAsync(long bytesPerSecond, List<NodeId> nodes);

    default RepairReport throttle(long bytesPerSecond, NodeId... nodes) throws KeplerException {
        return Waiting.forResult(throttleAsync(bytesPerSecond, List.of(nodes)));
    }
}
