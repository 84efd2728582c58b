package io.keplerfs;

import java.time.Duration;

/**
 * How a file is read.
 *
 * @param consistency what the answer may be
 * @param verifySha256 true: every chunk is hashed again before its bytes are handed out, not only CRC-checked
 * @param timeout longest silence that is waited for: for the manifest, and per chunk
 */
public record GetOptions(Consistency consistency, boolean verifySha256, Duration timeout) {
    private static final GetOptions DEFAULTS = new GetOptions(Consistency.QUORUM, false, PutOptions.DEFAULT_TIMEOUT);

    public GetOptions {
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("timeout is " + timeout + ", it must be positive");
        }
    }

    /** Linearizable. */
    public static GetOptions defaults() {
        return DEFAULTS;
    }

    /** What this node knows. */
    public static GetOptions local() {
        return DEFAULTS.withConsistency(Consistency.LOCAL);
    }

    public GetOptions withConsistency(Consistency value) {
        return new GetOptions(value, verifySha256, timeout);
    }

    public GetOptions withVerifySha256() {
        return new GetOptions(consistency, true, timeout);
    }

    public GetOptions withTimeout(Duration value) {
        return new GetOptions(consistency, verifySha256, value);
    }
}
