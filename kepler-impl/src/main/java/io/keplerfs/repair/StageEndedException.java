package io.keplerfs.repair;

/** What was being compared has other owners now, here or there, or the comparison was held up: it is begun anew later. */
final class StageEndedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StageEndedException(String message) {
        super(message);
    }
}
