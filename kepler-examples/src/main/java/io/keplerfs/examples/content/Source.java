package io.keplerfs.examples.content;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Something to store.
 *
 * @param key its name in the bucket
 * @param sizeBytes its length as far as known
 * @param opening delivers its bytes, the same ones each time
 */
public record Source(String key, long sizeBytes, Opening opening) {
    /** Opens the bytes of a source. */
    @FunctionalInterface
    public interface Opening {
        InputStream open() throws IOException;
    }

    public static Source of(String key, Path file) throws IOException {
        return new Source(key, Files.size(file), () -> Files.newInputStream(file));
    }

    public static Source seeded(String key, long seed, long sizeBytes) {
        return new Source(key, sizeBytes, () -> new SeededStream(seed, sizeBytes));
    }
}
