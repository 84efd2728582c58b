package io.keplerfs;

import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.util.List;

/** Something an operator or a host application may want to know. */
public sealed interface KeplerEvent {
    /** The failure detector changed its mind. Events of one member arrive in order. */
    record MemberChanged(NodeId id, String label, MemberState before, MemberState now) implements KeplerEvent {}

    /**
     * The answering node has found that of two versions written without knowledge of each other one had to give way, and has kept
     * it: see {@link Bucket#conflicts()}. Heard on the node that found it, perhaps more than once; not by remote clients.
     */
    record ConflictRecorded(Conflict conflict) implements KeplerEvent {}

    /** A new view began ({@code settled} false) or stands alone ({@code settled} true). */
    record ViewChanged(long epoch, boolean settled, List<NodeId> owners) implements KeplerEvent {
        public ViewChanged {
            owners = List.copyOf(owners);
        }
    }
}
