package io.keplerfs;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Too few owners answer, or a limit is reached, or disks are full; nothing was changed, try again later. HTTP 503 with Retry-After,
 * or 507 if disks are full.
 */
public final class UnavailableException extends KeplerException {
    private static final Duration DEFAULT_RETRY = Duration.ofSeconds(1);

    /** Space comes back by deletes and by more disk, both of which take people. */
    private static final Duration RETRY_WHEN_FULL = Duration.ofSeconds(30);

    private final Duration retryAfter;
    private final boolean noSpace;

    public UnavailableException(String message) {
        this(message, DEFAULT_RETRY, null);
    }

    public UnavailableException(String message, @Nullable Throwable cause) {
        this(message, DEFAULT_RETRY, cause);
    }

    public UnavailableException(String message, Duration retryAfter, @Nullable Throwable cause) {
        this(message, retryAfter, false, cause);
    }

    private UnavailableException(String message, Duration retryAfter, boolean noSpace, @Nullable Throwable cause) {
        super(message, cause);
        this.retryAfter = retryAfter;
        this.noSpace = noSpace;
    }

    /** The disk of the node that answers, or those of too many owners, have no room for new bytes. */
    public static UnavailableException noSpace(String message, @Nullable Throwable cause) {
        return new UnavailableException(message, RETRY_WHEN_FULL, true, cause);
    }

    /** Whether nothing but room on disks is missing: delete files, or add disks or nodes. */
    public boolean isNoSpace() {
        return noSpace;
    }

    /** When it may be worth trying again. */
    public Duration retryAfter() {
        return retryAfter;
    }
}
