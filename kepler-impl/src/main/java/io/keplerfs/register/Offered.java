package io.keplerfs.register;

/** What an owner did with an accepted value that it was offered. */
public enum Offered {
    /** It has the value, or something newer. */
    TAKEN,
    /** It has promised a newer ballot that may never come: {@link Registers#settle} ends that. */
    REFUSED,
    /** It cannot take it now, whatever it has promised: its disk is full, or the stage has ended. Nothing but time helps. */
    TURNED_AWAY
}
