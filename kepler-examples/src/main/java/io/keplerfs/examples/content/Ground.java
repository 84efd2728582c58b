package io.keplerfs.examples.content;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The directory a run works in: given and kept, or temporary and removed at the end, also after Ctrl-C. */
public final class Ground implements AutoCloseable {
    private final Path path;
    private final boolean temporary;

    private Ground(Path path, boolean temporary) {
        this.path = path;
        this.temporary = temporary;
    }

    /**
     * Makes the directory.
     *
     * @param prefix of the name of a temporary one
     * @param given the one to use and to keep; empty for a temporary one
     */
    public static Ground at(String prefix, Optional<Path> given) throws IOException {
        return given.isPresent()
                ? new Ground(Files.createDirectories(given.get()), false)
                : new Ground(Files.createTempDirectory(prefix), true);
    }

    public Path path() {
        return path;
    }

    /** After Ctrl-C: those who write there first, then what they wrote. Harmless after a normal end. */
    public void closeAtShutdown(Runnable stopWriters) {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            stopWriters.run();
                            close();
                        },
                        "kepler-shutdown"));
    }

    @Override
    public void close() {
        if (!temporary || !Files.exists(path)) {
            return;
        }
        try (Stream<Path> walk = Files.walk(path)) {
            List<Path> deepestFirst = walk.sorted(Comparator.reverseOrder()).toList();
            for (Path each : deepestFirst) {
                Files.deleteIfExists(each);
            }
        } catch (IOException | java.io.UncheckedIOException failure) {
            System.err.println("could not remove " + path + ": " + failure.getMessage());
        }
    }
}
