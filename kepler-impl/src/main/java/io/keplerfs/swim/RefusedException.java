package io.keplerfs.swim;

import java.io.Serial;

/** An envelope that is not for us. Expected on any open port; made without a stack trace, since strangers decide how often. */
final class RefusedException extends Exception {
    @Serial
    private static final long serialVersionUID = 1L;

    private final Refusal reason;

    RefusedException(Refusal reason, String message) {
        super(message, null, false, false);
        this.reason = reason;
    }

    Refusal reason() {
        return reason;
    }
}
