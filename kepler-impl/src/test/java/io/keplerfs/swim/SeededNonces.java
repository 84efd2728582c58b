package io.keplerfs.swim;

import java.io.Serial;
import java.security.SecureRandom;
import java.util.SplittableRandom;

/** Nonces of a simulated node: the same for the same seed, so that sealed bytes are too. */
final class SeededNonces extends SecureRandom {
    @Serial
    private static final long serialVersionUID = 1L;

    private final transient SplittableRandom random;

    SeededNonces(SplittableRandom random) {
        this.random = random;
    }

    @Override
    public void nextBytes(byte[] bytes) {
        random.nextBytes(bytes);
    }
}
