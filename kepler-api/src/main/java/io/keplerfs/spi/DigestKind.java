package io.keplerfs.spi;

/** What digests are kept of; the order and the numbers are part of the formats on disk and wire. */
public enum DigestKind {
    /** Registers with an accepted value, by key and accepted ballot; those that decide views are left out. */
    REGISTERS(0),
    /** Live references whose chunk is LIVE, by chunk and upload. */
    CHUNKS(1);

    private final int code;

    DigestKind(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }
}
