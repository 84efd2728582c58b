package io.keplerfs;

import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import java.util.List;

/**
 * Something an operator or a host application may want to know. Events only tell that something happened; what holds now is in
 * {@link KeplerCluster#status()}. New kinds may be added: treat those you do not know as such a hint.
 */
public sealed interface KeplerEvent {
    /** Something about one member. Events of one member arrive in order; those of different members in any. */
    sealed interface MemberEvent extends KeplerEvent {
        /** Identity of its data directory. */
        NodeId id();

        /** Its configured name. */
        String label();
    }

    /**
     * A member is seen for the first time since this node, or this client's first look, began. Not told of the node itself.
     *
     * @param state alive as a rule; suspect or dead if the others have not heard of it lately either
     */
    record MemberJoined(NodeId id, String label, NodeAddress address, MemberState state) implements MemberEvent {}

    /**
     * The failure detector changed its mind.
     *
     * <pre>
     * before            now
     * alive             suspect  it does not answer; it has some seconds to refute that
     * suspect           alive    it has refuted: nothing was wrong, or only for a moment
     * alive, suspect    dead     it did not refute in time; nothing is moved or deleted by that alone
     * any               left     it has said good-bye, or belongs to another cluster now
     * dead, left        alive    it is back: restarted, or the network has healed
     * </pre>
     */
    record MemberChanged(NodeId id, String label, MemberState before, MemberState now) implements MemberEvent {
        /** It was given up, or had left, and answers again. */
        public boolean isBack() {
            boolean wasGone = before == MemberState.DEAD || before == MemberState.LEFT;
            return wasGone && (now == MemberState.ALIVE || now == MemberState.SUSPECT);
        }
    }

    /** It is reached elsewhere now: it was restarted with another address or other ports. Told after its change of state. */
    record MemberMoved(NodeId id, String label, NodeAddress before, NodeAddress now) implements MemberEvent {}

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

    /**
     * Long work of the node got on; told of that node only, not to remote clients, and not of rounds that are over within a second.
     *
     * @param stage what has just happened
     * @param work how it stands
     */
    record RepairProgress(Stage stage, RepairWork work) implements KeplerEvent {
        /** Told once each, except for {@link #RUNNING}: every five seconds. */
        public enum Stage {
            BEGUN,
            RUNNING,
            PAUSED,
            FINISHED
        }
    }

    /** This listener was so slow that so many events between the one before and this one are lost to it. Look at the status. */
    record EventsMissed(long count) implements KeplerEvent {}
}
