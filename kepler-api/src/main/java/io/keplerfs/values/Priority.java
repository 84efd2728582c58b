package io.keplerfs.values;

import java.util.List;
import java.util.Locale;

/**
 * Which of the tasks that a node owes to others goes first. Copies of chunks go in the order of these constants; {@link #SMALL}
 * tasks have room of their own, so that neither kind ever waits for the other.
 */
public enum Priority {
    /** Moves no chunk: references to drop, manifests and fast writes to deliver. A few hundred bytes each. */
    SMALL,
    /** A copy of a chunk of which one copy is left, as far as its sender knows. */
    ONE_COPY_LEFT,
    /** A copy of a chunk of which more than one copy is left and fewer than wanted. */
    UNDER_REPLICATED,
    /** A copy for a node that has come to own the chunk, while all earlier owners have theirs: join, drain, weight. */
    MOVE,
    /** Any other copy. */
    OTHER;

    private static final List<Priority> COPIES = List.of(ONE_COPY_LEFT, UNDER_REPLICATED, MOVE, OTHER);

    /** Those that move a chunk, the most urgent first. */
    public static List<Priority> copies() {
        return COPIES;
    }

    /**
     * Of a copy that others lack.
     *
     * @param left copies known to be there
     * @param wanted copies wanted
     */
    public static Priority ofCopiesLeft(int left, int wanted) {
        return left >= wanted ? MOVE : left > 1 ? UNDER_REPLICATED : ONE_COPY_LEFT;
    }

    /** Whether a chunk has fewer copies than wanted until the task is done. */
    public boolean isShort() {
        return this == ONE_COPY_LEFT || this == UNDER_REPLICATED;
    }

    /** As in JSON and metrics, {@code one-copy-left}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** @throws IllegalArgumentException naming what is allowed */
    public static Priority parse(String word) {
        for (Priority one : values()) {
            if (one.word().equals(word)) {
                return one;
            }
        }
        throw new IllegalArgumentException("'" + word + "' is no priority; they are "
                + String.join(
                        ", ",
                        java.util.Arrays.stream(values()).map(Priority::word).toList()));
    }
}
