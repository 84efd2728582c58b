package io.keplerfs;

import org.jspecify.annotations.Nullable;

/** There is no such file or bucket: known, not guessed. HTTP 404. */
public final class NotFoundException extends KeplerException {
    public NotFoundException(String message) {
        this(message, null);
    }

    public NotFoundException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
