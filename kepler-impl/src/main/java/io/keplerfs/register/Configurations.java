package io.keplerfs.register;

import io.keplerfs.spi.DigestCell;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.NodeId;

/** Where the register learns who owns what; supplied from above. All methods run on the loop and return at once. */
public interface Configurations {
    /**
     * Registers of this bucket decide views. Their owners are fixed for each key, so that no stage applies to them: neither the
     * sender's nor the owner's.
     */
    String VIEW_BUCKET = DigestCell.UNPLACED_BUCKET;

    /** Who owns the register now, as far as this node knows. Depends on bucket and shard, not on the key. */
    Configuration of(RegisterKey key);

    /** The peer has entered a later stage than this node: learn it. */
    void peerIsAhead(NodeId peer, long stage);

    /** The peer is still in this earlier stage: teach it. Called for every refusal, so the taught should be few. */
    void peerIsBehind(NodeId peer, long stage);
}
