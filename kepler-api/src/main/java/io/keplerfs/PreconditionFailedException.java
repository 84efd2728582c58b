package io.keplerfs;

import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The condition of a conditional call does not hold (etag, absence or fencing token); nothing changed. HTTP 412. */
public final class PreconditionFailedException extends KeplerException {
    private final OptionalLong storedToken;

    public PreconditionFailedException(String message) {
        this(message, null);
    }

    public PreconditionFailedException(String message, @Nullable Throwable cause) {
        this(message, OptionalLong.empty(), cause);
    }

    public PreconditionFailedException(String message, OptionalLong storedToken, @Nullable Throwable cause) {
        super(message, cause);
        this.storedToken = storedToken;
    }

    /** The highest fencing token stored with the file, or left behind by a deleted one; empty if there is none, or not known. */
    public OptionalLong storedToken() {
        return storedToken;
    }
}
