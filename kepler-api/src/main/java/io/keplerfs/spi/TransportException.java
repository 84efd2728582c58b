package io.keplerfs.spi;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A call that got no answer. Whether the peer may have acted on it is the one thing callers must know. */
public final class TransportException extends IOException {
    private final boolean maybeDelivered;

    private TransportException(String message, boolean maybeDelivered, @Nullable Throwable cause) {
        super(message, cause);
        this.maybeDelivered = maybeDelivered;
    }

    /** Nothing reached the peer. */
    public static TransportException notDelivered(String message, @Nullable Throwable cause) {
        return new TransportException(message, false, cause);
    }

    /** The peer may have received it and may have acted on it. */
    public static TransportException maybeDelivered(String message, @Nullable Throwable cause) {
        return new TransportException(message, true, cause);
    }

    public boolean maybeDelivered() {
        return maybeDelivered;
    }
}
