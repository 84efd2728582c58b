package io.keplerfs.examples.demo;

import io.keplerfs.examples.content.Source;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** The files the demo stores. */
final class Corpus {
    /** How much of the JDK is stored: {@code --small} is for a build server. */
    enum Extent {
        FULL(Long.MAX_VALUE, 4000, 64_000_000, 500),
        SMALL(60_000_000, 300, 16_000_000, 100);

        private final long imageBytes;
        private final int classFiles;
        private final long outageBigBytes;
        private final int outageFiles;

        Extent(long imageBytes, int classFiles, long outageBigBytes, int outageFiles) {
            this.imageBytes = imageBytes;
            this.classFiles = classFiles;
            this.outageBigBytes = outageBigBytes;
            this.outageFiles = outageFiles;
        }
    }

    private static final int MAX_SMALL_BYTES = 64_000;

    private Corpus() {}

    /** Files, and all files below directories; each is stored under its path as given. */
    static List<Source> of(List<Path> paths) throws IOException {
        List<Source> sources = new ArrayList<>();
        for (Path path : paths) {
            for (Path file : filesBelow(path)) {
                sources.add(Source.of(file.toString(), file));
            }
        }
        if (sources.isEmpty()) {
            throw new IllegalArgumentException("there is no readable file in " + paths);
        }
        return sources;
    }

    /** The running JDK: the files of its home, and thousands of real class files out of its image. */
    static List<Source> ofThisJdk(Extent extent) throws IOException {
        List<Source> sources = new ArrayList<>();
        Path home = Path.of(System.getProperty("java.home"));
        long leftBytes = extent.imageBytes;
        for (Path file : filesBelow(home)) {
            long size = Files.size(file);
            if (size <= leftBytes) {
                leftBytes -= size;
                sources.add(Source.of("jdk/" + home.relativize(file), file));
            }
        }
        List<Path> classes =
                filesBelow(FileSystems.getFileSystem(URI.create("jrt:/")).getPath("/modules"));
        int step = Math.max(1, classes.size() / extent.classFiles);
        for (int i = 0; i < classes.size() && i / step < extent.classFiles; i += step) {
            sources.add(Source.of("jrt" + classes.get(i), classes.get(i)));
        }
        return sources;
    }

    /** What is written while a node is away: new bytes, so that no chunk of it is there already. */
    static List<Source> forTheOutage(long seed, Extent extent) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Source> sources = new ArrayList<>();
        for (int i = 0; i < extent.outageFiles; i++) {
            sources.add(Source.seeded(
                    String.format("outage/%04d.bin", i), random.nextLong(), random.nextInt(1, MAX_SMALL_BYTES)));
        }
        sources.add(Source.seeded("outage/big.bin", random.nextLong(), extent.outageBigBytes));
        return sources;
    }

    static long bytes(List<Source> sources) {
        return sources.stream().mapToLong(Source::sizeBytes).sum();
    }

    /** Readable regular files with their size, in the order of their names; links are not followed. */
    private static List<Path> filesBelow(Path start) throws IOException {
        try (Stream<Path> walk = Files.walk(start)) {
            return walk.filter(path -> Files.isRegularFile(path, java.nio.file.LinkOption.NOFOLLOW_LINKS))
                    .filter(Files::isReadable)
                    .sorted()
                    .toList();
        }
    }
}
