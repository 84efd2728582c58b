package io.keplerfs.loop;

import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Future combinators wrap what was thrown; protocol code wants the thing itself, because its type is the outcome. */
public final class Failures {
    private Failures() {}

    /** What was really thrown; null stays null. */
    public static @Nullable Throwable unwrap(@Nullable Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }
}
