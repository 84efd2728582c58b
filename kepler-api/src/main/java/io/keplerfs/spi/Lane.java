package io.keplerfs.spi;

/** Which of a peer's two queues a call takes, so that small messages never wait behind chunks. */
public enum Lane {
    /** Small messages: head and body together at most {@link Transport#MAX_CONTROL_BYTES}. */
    CONTROL,
    /** Calls that carry or fetch a chunk. */
    BULK
}
