package io.keplerfs.sim.whole;

/**
 * Deliberate mistakes of one node's parts, to see that the simulation finds them. A collection without a last look at references is
 * not among them: reads and pins bring a chunk back from the trash, so that all owners must make the mistake within the same
 * moment; {@code LifeCycleTest} tells that story.
 */
enum Flaw {
    NONE,
    /** A chunk counts as stored before its file and its row are durable. */
    CHUNK_ACKED_BEFORE_FSYNC,
    /** Now and then a chunk counts as stored and is not. */
    CHUNK_LOST_AFTER_ACK,
    /** "I have that chunk" from a node that only knows of it. */
    PIN_SAYS_HAVE,
    /** An owner that could not be reached counts as one that has the chunk, so the manifest is committed too early. */
    FAILED_CHUNK_COUNTED,
    /** A damaged copy is served, and spreads. */
    READS_NOT_VERIFIED,
    /** A fast write is forgotten as soon as it was acknowledged. */
    INTENT_REMOVED_EARLY,
    /** A restarted node drops the references of its unfinished uploads without asking the register. */
    UPLOADS_NOT_SETTLED,
    /** Transactions count as durable before their fsync. */
    COMMIT_ACKED_BEFORE_FSYNC,
    /** What owners lack is not queued. */
    DEBTS_FORGOTTEN,
    /** "I shall keep that chunk" without writing it down. */
    PIN_NOT_RECORDED,
    /** References of dead uploads stay. */
    UNPIN_FORGOTTEN
}
