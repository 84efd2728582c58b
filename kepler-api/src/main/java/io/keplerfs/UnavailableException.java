package io.keplerfs;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Too few owners answer (or a limit is reached); nothing was changed, try again later. HTTP 503 with Retry-After. */
public final class UnavailableException extends KeplerException {
    private static final Duration DEFAULT_RETRY = Duration.ofSeconds(1);

    private final Duration retryAfter;

    public UnavailableException(String message) {
        this(message, DEFAULT_RETRY, null);
    }

    public UnavailableException(String message, @Nullable Throwable cause) {
        this(message, DEFAULT_RETRY, cause);
    }

    public UnavailableException(String message, Duration retryAfter, @Nullable Throwable cause) {
        super(message, cause);
        this.retryAfter = retryAfter;
    }

    /** When it may be worth trying again. */
    public Duration retryAfter() {
        return retryAfter;
    }
}
