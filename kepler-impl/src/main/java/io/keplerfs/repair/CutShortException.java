package io.keplerfs.repair;

/** What was being compared has other owners now, or the comparison is held up or has found enough: it is begun anew later. */
final class CutShortException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    CutShortException(String message) {
        super(message);
    }
}
