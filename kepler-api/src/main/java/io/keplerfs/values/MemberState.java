package io.keplerfs.values;

/** What the failure detector believes of a member. It routes traffic; it never by itself moves or deletes data. */
public enum MemberState {
    /** Answers probes. */
    ALIVE,
    /** Missed a probe and has not refuted yet; still asked, but last. */
    SUSPECT,
    /** Suspected for so long that it is taken for down; remembered and retried. */
    DEAD,
    /** Said good-bye in an orderly way. */
    LEFT
}
