package io.keplerfs.register;

/**
 * Deliberate mistakes of the proposer for the simulator, each of which breaks one rule of the protocol: a suite that does not
 * catch it is too weak. Production has {@link #NONE}; nothing outside this package can name another.
 */
enum Fault {
    NONE,
    /** A retry ignores that its earlier attempt may have been taken: rules a to d. */
    RETRY_WITHOUT_MEMORY,
    /** Values carry no ancestors beyond the one they replaced: rules b and c. */
    FORGET_ANCESTORS,
    /** A failed condition is reported before what was read is certain. */
    REFUSE_WITHOUT_FINISHING,
    /** A read answers with the newest value although no majority holds it. */
    READ_WITHOUT_FINISHING,
    /** A write on a value whose next ballot was promised is sent with a fresher one, which nobody has promised. */
    CARRY_AT_FRESH_BALLOT,
    /** A condition that fails against the value kept with a carried promise is reported without asking anybody. */
    REFUSE_FROM_CARRIED,
    /** A tombstone bears the time of the own clock, whatever was seen. */
    DELETE_AT_OWN_TIME,
    /** What owners remember of fencing tokens is not asked for: the token of the current value counts alone. */
    FORGET_FENCE,
    /** A write is sent under ballots before the time of its id, although a repetition counts on there being none. */
    IGNORE_TIME_OF_ID,
    /** A tombstone goes although one member has not agreed. */
    SWEEP_WITHOUT_ALL,
    /** A tombstone goes and leaves nothing that refuses what is older. */
    SWEEP_WITHOUT_FLOOR
}
