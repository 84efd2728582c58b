package io.keplerfs;

import org.jspecify.annotations.Nullable;

/** The condition of a conditional call does not hold (etag, absence or fencing token); nothing changed. HTTP 412. */
public final class PreconditionFailedException extends KeplerException {
    public PreconditionFailedException(String message) {
        this(message, null);
    }

    public PreconditionFailedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
