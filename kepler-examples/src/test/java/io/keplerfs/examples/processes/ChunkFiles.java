package io.keplerfs.examples.processes;

import io.keplerfs.examples.content.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The chunks on the disks of some nodes, seen from outside: by their files alone. */
record ChunkFiles(Map<String, List<Path>> copies, long bytes) {
    /** As they are in {@code chunks/} now; files that go meanwhile are not counted. */
    static ChunkFiles of(Collection<Daemon> nodes) throws IOException {
        return in(nodes, "chunks");
    }

    static ChunkFiles in(Collection<Daemon> nodes, String directory) throws IOException {
        Map<String, List<Path>> copies = new HashMap<>();
        long[] bytes = {0};
        for (Daemon node : nodes) {
            Path root = node.dataDirectory().resolve(directory);
            if (Files.exists(root)) {
                Files.walkFileTree(root, new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                        copies.computeIfAbsent(file.getFileName().toString(), name -> new ArrayList<>())
                                .add(file);
                        bytes[0] += attributes.size();
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFileFailed(Path file, IOException gone) {
                        return FileVisitResult.CONTINUE;
                    }
                });
            }
        }
        return new ChunkFiles(copies, bytes[0]);
    }

    int files() {
        return copies.values().stream().mapToInt(List::size).sum();
    }

    /** Chunks of which fewer nodes have a file. */
    long withFewerThan(int nodes) {
        return withFewerThan(nodes, copies.keySet());
    }

    /** Of these chunks those of which fewer nodes have a file, or none. */
    long withFewerThan(int nodes, Set<String> chunks) {
        return chunks.stream()
                .filter(chunk -> copies.getOrDefault(chunk, List.of()).size() < nodes)
                .count();
    }

    /** Files whose content is not what their name says, by reading every byte. */
    List<Path> damaged() {
        return copies.entrySet().stream()
                .flatMap(chunk ->
                        chunk.getValue().stream().filter(file -> !sha(file).equals(chunk.getKey())))
                .toList();
    }

    private static String sha(Path file) {
        try (InputStream content = Files.newInputStream(file)) {
            return Sha256.of(content);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
