package io.keplerfs.disk;

import java.io.IOException;

/** The file of a live chunk is missing, has the wrong length or fails a check: this copy is lost, others may be good. */
final class DamagedCopyException extends IOException {
    private final boolean missing;

    DamagedCopyException(String how) {
        this(how, false);
    }

    private DamagedCopyException(String how, boolean missing) {
        super(how);
        this.missing = missing;
    }

    static DamagedCopyException missing() {
        return new DamagedCopyException("file is missing", true);
    }

    /** Whether there is no file at all. */
    boolean isMissing() {
        return missing;
    }
}
