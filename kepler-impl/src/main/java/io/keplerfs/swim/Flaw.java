package io.keplerfs.swim;

/**
 * Deliberate mistakes of the failure detector for the simulator, each of which breaks one rule of the papers or of this project: a
 * suite that does not catch it is too weak. Production has none; nothing outside this package can name one.
 */
enum Flaw {
    /** Plain SWIM, for comparison: no local health, no confirmations, no word to the accused (Lifeguard, section V). */
    NO_LIFEGUARD,
    /** An accused member says nothing. */
    NO_REFUTATION,
    /** An accused member calls itself alive at the incarnation it is accused at. */
    REFUTES_WITHOUT_RAISING,
    /** A suspicion stays as long as its lone accuser made it. */
    SUSPICION_NEVER_SHRINKS,
    /** A relay says nack when the asker has given up already. */
    LATE_NACK,
    /** A node whose probes all fail goes on accusing as fast as ever. */
    NO_LOCAL_HEALTH,
    /** Who is pinged is not told that it is accused. */
    NO_BUDDY_PING,
    /** The dead are not remembered. */
    DEAD_FORGOTTEN,
    /** The dead are remembered and never tried again. */
    DEAD_NOT_RETRIED,
    /** An accusation holds although the accused has raised its incarnation since. */
    OLD_ACCUSATION_HOLDS,
    /** An alive claim of the same incarnation brings back one that said good-bye. */
    LEFT_COMES_BACK,
    /** An alive claim of the same incarnation brings back a dead one: a packet minutes old does. */
    REPLAY_REVIVES,
    /** What was not answered during a pause of our own counts. */
    PAUSE_NOT_FORGIVEN,
    /** News are told for ever. */
    RETRANSMITS_FOR_EVER,
    /** Everybody is probed in the order of admission, round after round. */
    ROUNDS_NOT_SHUFFLED,
    /** Nobody else is asked before a member is accused. */
    NO_INDIRECT_PROBES,
    /** Members that are dead already are not learned from others. */
    DEAD_NOT_LEARNED,
    /** A member is dead as soon as a full state says so. */
    FULL_STATE_BURIES
}
