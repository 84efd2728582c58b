package io.keplerfs;

import io.keplerfs.values.NodeId;
import java.util.List;

/**
 * Who owns data, as agreed, and how far a change of it has come.
 *
 * @param epoch number of the newest agreed view, 0 before there is one
 * @param settled false while ownership is moving to it
 * @param replicationFactor copies of everything
 * @param forcedEpoch epoch of the last view that an operator forced, 0 if none ever was
 * @param members by label then id
 * @param departed nodes that were drained and removed, and are not let in again unasked; the longest gone first
 */
public record ViewStatus(
        long epoch,
        boolean settled,
        int replicationFactor,
        long forcedEpoch,
        List<Member> members,
        List<NodeId> departed) {
    public ViewStatus {
        members = List.copyOf(members);
        departed = List.copyOf(departed);
    }

    /** What a view does with a member. */
    public enum State {
        /** Will own data as soon as the view is settled. */
        JOINING,
        /** Owns data. */
        ACTIVE,
        /** Owns nothing any more, but holds copies until all owners have theirs. */
        DRAINING,
        /** Is no member as soon as the view is settled. */
        LEAVING
    }

    /**
     * One member of the view.
     *
     * @param id identity of its data directory
     * @param label its configured name
     * @param zone failure zone as agreed, empty if none
     * @param weight share of data relative to the others as agreed
     * @param state what the view does with it
     * @param leftToHandOver chunks and manifests of a draining member that some owner may lack yet; -1 if it is not draining or
     *     did not answer
     */
    public record Member(NodeId id, String label, String zone, int weight, State state, long leftToHandOver) {}
}
