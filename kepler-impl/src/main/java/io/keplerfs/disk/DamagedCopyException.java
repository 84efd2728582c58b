package io.keplerfs.disk;

import java.io.IOException;

/** The file of a live chunk is missing, has the wrong length or fails a check: this copy is lost, others may be good. */
final class DamagedCopyException extends IOException {
    DamagedCopyException(String how) {
        super(how);
    }
}
