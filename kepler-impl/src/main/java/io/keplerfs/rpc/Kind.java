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
    /** Chunks: record references, tell which bytes are needed. */
    PIN(20),
    /** Chunks: store these bytes. */
    CHUNK_PUT(21),
    /** Chunks: send these bytes. */
    CHUNK_GET(22),
    /** Chunks: drop the references of an upload. */
    UNPIN(23),
    /** What this node holds, for the operator. */
    STATUS(30);

    private final int code;

    Kind(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }
}
