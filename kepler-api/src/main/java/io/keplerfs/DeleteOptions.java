package io.keplerfs;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How a file is deleted; the same conditions as for a put.
 *
 * @param durability what an acknowledged delete has reached
 * @param ifMatch delete only the version with this etag
 * @param fencingToken delete only if no higher token is stored with the file; it is stored, even where there is no file. See
 *     {@link PutOptions#fencing}
 * @param timeout longest wait for the commit
 */
public record DeleteOptions(
        Durability durability, Optional<String> ifMatch, OptionalLong fencingToken, Duration timeout) {
    private static final DeleteOptions DEFAULTS =
            new DeleteOptions(Durability.QUORUM, Optional.empty(), OptionalLong.empty(), PutOptions.DEFAULT_TIMEOUT);

    public DeleteOptions {
        if (fencingToken.isPresent() && fencingToken.getAsLong() < 0) {
            throw new IllegalArgumentException(
                    "fencing token is " + fencingToken.getAsLong() + ", it must be 0 or above");
        }
    }

    public static DeleteOptions defaults() {
        return DEFAULTS;
    }

    public DeleteOptions withDurability(Durability value) {
        return new DeleteOptions(value, ifMatch, fencingToken, timeout);
    }

    public DeleteOptions withIfMatch(String etag) {
        return new DeleteOptions(durability, Optional.of(etag), fencingToken, timeout);
    }

    public DeleteOptions withFencingToken(long token) {
        return new DeleteOptions(durability, ifMatch, OptionalLong.of(token), timeout);
    }
}
