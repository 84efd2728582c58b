package io.keplerfs.spi;

/** What digests are kept of; the order is part of the wire format. */
public enum DigestKind {
    /** Registers with an accepted value, by key and accepted ballot; those that decide views are left out. */
    REGISTERS,
    /** Live references whose chunk is LIVE, by chunk and upload. */
    CHUNKS
}
