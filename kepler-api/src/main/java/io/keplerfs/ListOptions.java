package io.keplerfs;

import java.util.Optional;

/**
 * Which files a listing names.
 *
 * @param prefix only keys that start with it; empty for all
 * @param delimiter keys that contain it after the prefix are folded into one common prefix; empty for none
 * @param after only keys (and common prefixes) above this one in byte order; empty from the start
 * @param limit most files and prefixes on one page, 1 to {@value #MAX_LIMIT}
 * @param consistency what the answer may be
 */
public record ListOptions(
        String prefix, Optional<String> delimiter, Optional<String> after, int limit, Consistency consistency) {
    /** One page stays a few hundred kilobytes. */
    public static final int MAX_LIMIT = 1000;

    public ListOptions {
        if (limit < 1 || limit > MAX_LIMIT) {
            throw new IllegalArgumentException("limit is " + limit + ", allowed are 1 to " + MAX_LIMIT);
        }
        if (delimiter.isPresent() && delimiter.get().isEmpty()) {
            throw new IllegalArgumentException("the delimiter is empty; leave it out instead");
        }
    }

    /** Every key with this prefix, first page, linearizable. */
    public static ListOptions prefix(String prefix) {
        return new ListOptions(prefix, Optional.empty(), Optional.empty(), MAX_LIMIT, Consistency.QUORUM);
    }

    public ListOptions withDelimiter(String value) {
        return new ListOptions(prefix, Optional.of(value), after, limit, consistency);
    }

    public ListOptions withAfter(String value) {
        return new ListOptions(prefix, delimiter, Optional.of(value), limit, consistency);
    }

    public ListOptions withLimit(int value) {
        return new ListOptions(prefix, delimiter, after, value, consistency);
    }

    public ListOptions withConsistency(Consistency value) {
        return new ListOptions(prefix, delimiter, after, limit, value);
    }
}
