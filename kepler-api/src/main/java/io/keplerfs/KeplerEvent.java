package io.keplerfs;

import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeId;
import java.util.List;

/** Something an operator or a host application may want to know. */
public sealed interface KeplerEvent {
    /** The failure detector changed its mind. Events of one member arrive in order. */
    record MemberChanged(NodeId id, String label, MemberState before, MemberState now) implements KeplerEvent {}

    /** A new view began ({@code settled} false) or stands alone ({@code settled} true). */
    record ViewChanged(long epoch, boolean settled, List<NodeId> owners) implements KeplerEvent {
        public ViewChanged {
            owners = List.copyOf(owners);
        }
    }
}
