package io.keplerfs;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * How every blocking twin waits for its async one: on the caller's thread, with the outcome's own exception type. For
 * implementations of this API; applications need it only to wait for an async call in the same way.
 */
public final class Waiting {
    private Waiting() {}

    /**
     * The result, or the failure as a new exception of the same type with the caller's stack in it.
     *
     * @throws KeplerException the outcome, or {@link UnavailableException} if the thread was interrupted
     */
    public static <T> T forResult(CompletableFuture<T> future) throws KeplerException {
        try {
            return future.get();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new UnavailableException(
                    "the calling thread was interrupted while it waited; a write may still appear", interrupted);
        } catch (ExecutionException failure) {
            throw outcome(failure.getCause() == null ? failure : failure.getCause());
        }
    }

    /** A new exception of the same type with the caller's stack in it; the original is its cause. */
    private static KeplerException outcome(Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        if (cause instanceof NotFoundException) {
            return new NotFoundException(message, cause);
        } else if (cause instanceof PreconditionFailedException failed) {
            return new PreconditionFailedException(message, failed.storedToken(), cause);
        } else if (cause instanceof IndeterminateException maybe) {
            return new IndeterminateException(message, maybe.version(), cause);
        } else if (cause instanceof UnavailableException unavailable) {
            return unavailable.isNoSpace()
                    ? UnavailableException.noSpace(message, cause)
                    : new UnavailableException(message, unavailable.retryAfter(), cause);
        } else if (cause instanceof CorruptFileException) {
            return new CorruptFileException(message, cause);
        } else if (cause instanceof InvalidRequestException) {
            return new InvalidRequestException(message, cause);
        } else if (cause instanceof RuntimeException bug) {
            throw bug;
        }
        throw new IllegalStateException("a call ended with an undocumented failure: " + cause, cause);
    }
}
