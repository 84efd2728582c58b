package io.keplerfs.swim;

/** Why something that came to the gossip port was dropped. Each has a counter in {@link SwimStatistics}. */
enum Refusal {
    /** Not gossip, or gossip that breaks a rule of its format, or of a kind that does not belong there. */
    MALFORMED,
    /** Larger than anything a node sends. */
    OVERSIZED,
    /** Not sealed with a secret of ours: with another one, not at all, or forged. */
    BROKEN_SEAL,
    /** Sealed with a secret of ours, but opened before, or too late to tell. */
    REPLAYED,
    /** For another cluster. */
    FOREIGN
}
