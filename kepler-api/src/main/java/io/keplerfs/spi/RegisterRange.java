package io.keplerfs.spi;

import java.util.Collection;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which registers of a bucket a listing asks a store for.
 *
 * @param shards all that are looked into, each from 0 and below {@link #MOST_SHARDS}
 * @param fold only keys with its prefix; and of those it shows as one the first alone, as {@link RegisterRow#folded}: only the name
 *     is shown, so that a store need not look for the rest
 * @param after only keys above it in byte order, null from the start
 * @param limit at most so many
 */
public record RegisterRange(
        String bucket,
        Set<Integer> shards,
        Fold fold,
        @Nullable String after,
        int limit) {
    /** Far above what a bucket is cut into; a store may keep a byte for each. */
    public static final int MOST_SHARDS = 1 << 16;

    public RegisterRange {
        shards = Set.copyOf(shards);
        for (int shard : shards) {
            if (shard < 0 || shard >= MOST_SHARDS) {
                throw new IllegalArgumentException(
                        "shard " + shard + " of bucket " + bucket + " is not in 0.." + (MOST_SHARDS - 1));
            }
        }
        if (limit < 0) {
            throw new IllegalArgumentException("a range of " + limit + " registers");
        }
    }

    /** What is told of a register that is the first of those shown as it is. */
    public RegisterRow told(RegisterRow row) {
        return fold.of(row.key().key()).isPresent() ? RegisterRow.folded(row.key()) : row;
    }

    /** @param after empty from the start */
    public static RegisterRange above(String bucket, Collection<Integer> shards, Fold fold, String after, int limit) {
        return new RegisterRange(bucket, Set.copyOf(shards), fold, after.isEmpty() ? null : after, limit);
    }
}
