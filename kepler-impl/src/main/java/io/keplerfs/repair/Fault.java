package io.keplerfs.repair;

/**
 * Deliberate mistakes for the tests, each of which leaves out one step that protects live chunks: a suite that does not catch it
 * is too weak. Production has {@link #NONE}; nothing outside this package can name another.
 */
enum Fault {
    NONE,
    /** A chunk without references here is collected without asking the other owners. */
    COLLECT_WITHOUT_COMPARING,
    /** A new owner compares and collects before it has read the references of the old ones. */
    COLLECT_BEFORE_READING_REFERENCES,
    /** A copy on a node that is no owner any more goes without a look at the owners' copies. */
    DEPART_WITHOUT_VERIFYING
}
