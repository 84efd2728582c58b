package io.keplerfs.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/** Options and steps that the tests of this package share. */
final class DiskFixture {
    static final long NOON = 1_767_268_800_000L;

    private DiskFixture() {}

    static DiskOptions options(Path directory) {
        return options(directory, "node-a", () -> NOON);
    }

    static DiskOptions options(Path directory, String label, LongSupplier wallMillis) {
        ThreadFactory daemons = work -> {
            Thread thread = new Thread(work);
            thread.setDaemon(true);
            return thread;
        };
        return new DiskOptions(directory, label, true, daemons, 4, UUID::randomUUID, wallMillis);
    }

    static <T> T done(CompletableFuture<T> future) {
        try {
            return future.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            throw new AssertionError("failed: " + failed.getCause(), failed.getCause());
        } catch (InterruptedException | TimeoutException hung) {
            throw new AssertionError("not done: " + hung, hung);
        }
    }

    static Throwable failure(CompletableFuture<?> future) {
        Throwable thrown = catchThrowable(() -> future.get(60, TimeUnit.SECONDS));
        assertThat(thrown).isInstanceOf(ExecutionException.class);
        return thrown.getCause();
    }

    static byte[] randomBytes(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    static ChunkId idOf(byte[] bytes) {
        return ChunkId.of(ByteBuffer.wrap(bytes));
    }

    static ChunkId stored(Store store, byte[] bytes) {
        ChunkId id = idOf(bytes);
        done(store.writeChunk(id, ByteBuffer.wrap(bytes)));
        return id;
    }

    static CompletableFuture<ByteBuffer> readAll(Store store, ChunkId id, int size, boolean verifyHash) {
        return store.readChunk(id, 0, ByteBuffer.allocate(size), verifyHash);
    }

    static Optional<ChunkRow> row(Store store, ChunkId id) {
        return done(store.read(snapshot -> snapshot.chunk(id)));
    }

    static Optional<byte[]> setting(Store store, String name) {
        return done(store.read(snapshot -> snapshot.setting(name)));
    }

    /** Where the bytes of a live chunk lie. */
    static Path fileOf(Path root, ChunkId id) {
        String name = id.toString();
        return root.resolve("chunks")
                .resolve(name.substring(0, 2))
                .resolve(name.substring(2, 4))
                .resolve(name);
    }

    static List<String> namesIn(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        }
    }

    static void delete(Path directory) throws IOException {
        for (String name : namesIn(directory)) {
            Files.delete(directory.resolve(name));
        }
        Files.delete(directory);
    }

    /** What a power cut would leave: every byte as it is now, nobody told to finish. */
    static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> tree = Files.walk(from)) {
            for (Path source : tree.toList()) {
                Files.copy(source, to.resolve(from.relativize(source).toString()));
            }
        }
    }
}
