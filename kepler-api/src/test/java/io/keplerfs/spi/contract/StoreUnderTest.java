package io.keplerfs.spi.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;

/** What the parts of {@link StoreContract} share: the store, and short ways to use it. */
interface StoreUnderTest {
    /** Long enough for any disk; only a hang reaches it. */
    long PATIENCE_SECONDS = 60;

    Store store();

    /** Closes the store and opens it again; empty if the implementation keeps nothing. */
    Optional<Store> reopened() throws Exception;

    /** Damages the stored bytes of a chunk, so that a check fails; false if the implementation has none that could be damaged. */
    default boolean damage(ChunkId id) throws Exception {
        return false;
    }

    default void write(Consumer<Store.Transaction> changes) {
        done(store().write(transaction -> {
            changes.accept(transaction);
            return true;
        }));
    }

    default <T> T read(Function<Store.Snapshot, T> query) {
        return done(store().read(query));
    }

    default ChunkId stored(byte[] bytes) {
        ChunkId id = ChunkId.of(ByteBuffer.wrap(bytes));
        done(store().writeChunk(id, ByteBuffer.wrap(bytes)));
        return id;
    }

    default byte[] readChunk(ChunkId id, int offset, int length, boolean verifyHash) {
        ByteBuffer into = ByteBuffer.allocate(length);
        assertThat(done(store().readChunk(id, offset, into, verifyHash))).isSameAs(into);
        assertThat(into.remaining()).isEqualTo(length);
        return into.array();
    }

    static <T> T done(CompletableFuture<T> future) {
        try {
            return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            throw new AssertionError("failed: " + failed.getCause(), failed.getCause());
        } catch (InterruptedException | TimeoutException hung) {
            throw new AssertionError("not done: " + hung, hung);
        }
    }

    /** What the future failed with. */
    static Throwable failure(CompletableFuture<?> future) {
        Throwable thrown = catchThrowable(() -> future.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
        assertThat(thrown).isInstanceOf(ExecutionException.class);
        return thrown.getCause();
    }

    static byte[] randomBytes(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    static ChunkId absentChunk(int number) {
        return ChunkId.of(ByteBuffer.wrap(("never stored " + number).getBytes(StandardCharsets.UTF_8)));
    }

    static RegisterKey key(String key) {
        return new RegisterKey("photos", 0, key);
    }

    static RegisterRow valued(RegisterKey key) {
        byte[] value = key.toString().getBytes(StandardCharsets.UTF_8);
        return new RegisterRow(key, ballot(7), ballot(5), value, new byte[] {1, 2, 3});
    }

    static RegisterRow valued(String key) {
        return valued(key(key));
    }

    static RegisterRow promisedOnly(String key) {
        return new RegisterRow(key(key), ballot(3), Ballot.ZERO, new byte[0], new byte[0]);
    }

    static Ballot ballot(long time) {
        return new Ballot(time, node(1));
    }

    static NodeId node(long number) {
        return new NodeId(new UUID(number << 56 | 0x77, number));
    }

    static VersionId version(long number) {
        return new VersionId(new UUID(number, -number));
    }

    static Pin pin(long upload) {
        return new Pin(version(upload), "photos", "cat-" + upload);
    }

    static List<String> keysOf(List<RegisterRow> rows) {
        return rows.stream().map(row -> row.key().key()).toList();
    }
}
