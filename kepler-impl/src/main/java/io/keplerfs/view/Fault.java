package io.keplerfs.view;

/** Mistakes that tests plant, to see that the simulation finds them. */
enum Fault {
    NONE,
    /** A new owner merges from one old owner of each partition instead of a majority. */
    MERGES_FROM_ONE,
    /** An old owner hands over its rows before it has entered the transition. */
    SERVES_BEFORE_ENTERING,
    /** The new view is taken for settled as soon as it is decided. */
    SETTLES_AT_ONCE,
    /** A dead member is evicted although too few remain. */
    EVICTS_BELOW_N,
    /** The next view counts as decided without a majority of the voters. */
    MINORITY_DECIDES,
    /** A forced view stands alone at once: nobody merges what the survivors have. */
    FORCES_WITHOUT_BRIDGE
}
