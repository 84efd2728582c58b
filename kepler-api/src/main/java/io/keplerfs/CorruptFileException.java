package io.keplerfs;

import org.jspecify.annotations.Nullable;

/** Every reachable copy of a part of the file fails its hash. HTTP 500. */
public final class CorruptFileException extends KeplerException {
    public CorruptFileException(String message) {
        this(message, null);
    }

    public CorruptFileException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
