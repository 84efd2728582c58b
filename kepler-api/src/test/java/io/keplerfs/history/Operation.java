package io.keplerfs.history;

import org.jspecify.annotations.Nullable;

/**
 * One call on an object.
 *
 * @param name for people
 * @param called when it began
 * @param returned when its caller knew; {@link #NEVER} for one that is not certain
 * @param certain whether it took effect for certain before it returned. Others may take effect at any time after the call, long
 *     after their callers have gone, or never
 * @param effect what it does to the state
 * @param <S> the object's state, a value with {@code equals}
 */
public record Operation<S>(String name, long called, long returned, boolean certain, Effect<S> effect) {
    /** The end of an operation whose caller never knew. */
    public static final long NEVER = Long.MAX_VALUE;

    /** What an operation does to the object's state. */
    @FunctionalInterface
    public interface Effect<S> {
        /** The state afterwards; null if the operation cannot have happened in this state, seen what its caller saw. */
        @Nullable
        S on(S state);
    }

    public Operation {
        if (called > returned || !certain && returned != NEVER) {
            throw new IllegalArgumentException(name + " was called at " + called + " and returned at " + returned
                    + (certain ? "" : ", although nobody knows whether it happened"));
        }
    }

    /** One whose caller knows that it took effect. */
    public static <S> Operation<S> certain(String name, long called, long returned, Effect<S> effect) {
        return new Operation<>(name, called, returned, true, effect);
    }

    /** One that takes effect at any time after the call, or never. */
    public static <S> Operation<S> maybe(String name, long called, Effect<S> effect) {
        return new Operation<>(name, called, NEVER, false, effect);
    }
}
