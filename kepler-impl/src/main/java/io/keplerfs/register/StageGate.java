package io.keplerfs.register;

import io.keplerfs.spi.Store;
import io.keplerfs.values.NodeId;

/** Keeps work of one ownership out of the next (protocols.md, section 4); supplied from above. */
public interface StageGate {
    /**
     * The stage this owner has entered, as this very transaction sees it: an accept of an earlier stage must never be applied
     * after the owner has durably entered a later one. Any thread.
     */
    long stage(Store.Snapshot transaction);

    /** A peer has sent a message of a later stage, which was not acted on: learn it. Any thread; returns at once. */
    void peerIsAhead(NodeId peer, long stage);
}
