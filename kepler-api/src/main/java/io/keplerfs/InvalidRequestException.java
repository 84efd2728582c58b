package io.keplerfs;

import org.jspecify.annotations.Nullable;

/** The call itself is wrong (a name, a range, a number); repeating it cannot help. HTTP 400. */
public final class InvalidRequestException extends KeplerException {
    public InvalidRequestException(String message) {
        this(message, null);
    }

    public InvalidRequestException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
