package io.keplerfs.rpc;

/** The first byte of every request between nodes. A number is never reused. */
public enum Kind {
    /** Register: promise a ballot, tell the accepted value. */
    PREPARE(1),
    /** Register: accept a value. */
    ACCEPT(2),
    /** Register: tell what is accepted. */
    QUERY(3),
    /** Register: page of one shard's keys. */
    LIST(4),
    /** Register: may these tombstones go, or: remove them. */
    TOMBSTONES(5),
    /** View: take mine, tell yours. */
    VIEW_OFFER(11),
    /** View: page of registers for a new owner. */
    SYNC_PULL(12),
    /** Registers and chunks: what owners compare, and what one lacks. */
    COMPARE(15),
    /** View: how much a draining node still has to hand over. */
    DRAIN_PROGRESS(13),
    /** Chunks: record references, tell which bytes are needed. */
    PIN(20),
    /** Chunks: store these bytes. */
    CHUNK_PUT(21),
    /** Chunks: send these bytes. */
    CHUNK_GET(22),
    /** Chunks: drop the references of an upload. */
    UNPIN(23),
    /** Chunks: the upload was committed. */
    CONFIRM(24),
    /** Chunks: what do you hold of these, and for whom? */
    CHUNK_HELD(25),
    /** Chunks: page of references for a new owner. */
    REFERENCE_PULL(26),
    /** Chunks: do you know these references, and hold their chunks? */
    CHUNK_NEEDS(29),
    /** What this node holds, for the operator. */
    STATUS(30),
    /** What this node repairs, and orders about it. */
    REPAIR(31);

    private final int code;

    Kind(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }
}
