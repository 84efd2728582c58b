package io.keplerfs.swim;

import io.keplerfs.values.NodeId;

/** One round of the failure detector: one member, asked directly, then through others, until the round is over. */
final class Probe {
    final NodeId target;
    final long sequence;
    final long sentNanos;
    final long directEndNanos;
    final long endNanos;

    /** Relays asked so far, and how many of them said that they are well but got no answer either. */
    int asked;

    int nacks;

    /** Of the ping over a connection: its ack is told by it from one that was late. */
    private long streamSequence;

    private boolean indirect;

    Probe(NodeId target, long sequence, long sentNanos, long directEndNanos, long endNanos) {
        this.target = target;
        this.sequence = sequence;
        this.sentNanos = sentNanos;
        this.directEndNanos = directEndNanos;
        this.endNanos = endNanos;
    }

    boolean isAbout(long otherSequence, NodeId otherTarget) {
        return (sequence == otherSequence || isStream(otherSequence)) && target.equals(otherTarget);
    }

    void alsoByStream(long ownSequence) {
        streamSequence = ownSequence;
    }

    boolean isStream(long otherSequence) {
        return indirect && streamSequence == otherSequence;
    }

    /** Turns to the indirect phase; true the first time. */
    boolean beginIndirect() {
        boolean first = !indirect;
        indirect = true;
        return first;
    }

    long dueNanos() {
        return indirect ? endNanos : directEndNanos;
    }

    /** What the failure of this round says of ourselves: relays that kept silent should at least have said nack. */
    int illness() {
        return asked == 0 ? 1 : Math.max(0, asked - nacks);
    }
}
