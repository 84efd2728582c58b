package io.keplerfs.disk;

import static io.keplerfs.disk.DiskFixture.done;
import static io.keplerfs.disk.DiskFixture.failure;
import static io.keplerfs.disk.DiskFixture.fileOf;
import static io.keplerfs.disk.DiskFixture.idOf;
import static io.keplerfs.disk.DiskFixture.randomBytes;
import static io.keplerfs.disk.DiskFixture.readAll;
import static io.keplerfs.disk.DiskFixture.stored;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.DiskFullException;
import io.keplerfs.spi.MissingChunkException;
import io.keplerfs.values.ChunkId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** What fails is told, leaves nothing behind, and does not stop what can still work. */
class FailingDiskTest {
    @TempDir
    private Path root;

    private RecordingDisk disk;
    private DiskStore store;

    @BeforeEach
    void open() throws IOException {
        disk = new RecordingDisk(root);
        store = DiskStore.open(DiskFixture.options(root), disk);
    }

    @AfterEach
    void close() {
        disk.fail(null);
        disk.failCommit(null);
        store.close();
    }

    private CompletableFuture<Boolean> put(String name) {
        return store.write(transaction -> {
            transaction.putSetting(name, new byte[] {1});
            return true;
        });
    }

    private Optional<byte[]> setting(String name) {
        return DiskFixture.setting(store, name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"create", "write", "force tmp", "mkdir", "force-dir chunks", "rename"})
    void aChunkWriteThatFailsAtAnyStepLeavesNothing(String step) throws IOException {
        byte[] bytes = randomBytes(1_000, 1);
        ChunkId id = idOf(bytes);
        disk.fail(step);

        assertThat(failure(store.writeChunk(id, ByteBuffer.wrap(bytes)))).hasMessageContaining("injected: " + step);

        assertThat(failure(readAll(store, id, 1_000, false))).isInstanceOf(MissingChunkException.class);
        assertThat(fileOf(root, id)).doesNotExist();
        assertThat(DiskFixture.namesIn(root.resolve("tmp"))).doesNotContain(id.toString());
        assertThat(store.usage().chunks()).isZero();
        disk.fail(null);
        stored(store, bytes);
        assertThat(done(readAll(store, id, 1_000, true)).array()).isEqualTo(bytes);
    }

    @Test
    void aChunkWhoseRowCannotBeCommittedIsNotThere() {
        byte[] bytes = randomBytes(1_000, 1);
        ChunkId id = idOf(bytes);
        disk.failCommit(new SQLException("injected"));

        assertThat(failure(store.writeChunk(id, ByteBuffer.wrap(bytes))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("injected");

        disk.failCommit(null);
        assertThat(failure(readAll(store, id, 1_000, false))).isInstanceOf(MissingChunkException.class);
        assertThat(fileOf(root, id)).doesNotExist();
        assertThat(store.usage().chunks()).isZero();
    }

    @Test
    void aFailedCommitFailsItsGroupAloneAndTheStoreGoesOn() {
        done(put("before"));
        disk.failCommit(new SQLException("injected"));
        assertThat(failure(put("lost")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("injected")
                .hasMessageContaining(root.toString());
        disk.failCommit(null);
        done(put("after"));

        assertThat(setting("before")).isPresent();
        assertThat(setting("lost")).isEmpty();
        assertThat(setting("after")).isPresent();
        assertThat(store.failed()).isEmpty();
    }

    @Test
    void afterAnIoErrorNothingIsPromisedAnyMore() throws IOException {
        done(put("before"));
        disk.failCommit(new SQLiteException("[SQLITE_IOERR_FSYNC]", SQLiteErrorCode.SQLITE_IOERR_FSYNC));
        failure(put("doubtful"));
        disk.failCommit(null);

        assertThat(store.failed()).hasValueSatisfying(why -> assertThat(why).contains("SQLITE_IOERR_FSYNC"));
        byte[] bytes = randomBytes(10, 1);
        for (CompletableFuture<?> call : List.of(
                put("later"),
                store.read(snapshot -> true),
                store.writeChunk(idOf(bytes), ByteBuffer.wrap(bytes)),
                store.readChunk(idOf(bytes), 0, ByteBuffer.allocate(1), false),
                store.collect(List.of()))) {
            assertThat(failure(call)).hasMessageContaining("store failed").hasMessageContaining("restart the node");
        }

        store.close();
        store = DiskStore.open(DiskFixture.options(root));
        assertThat(setting("before")).isPresent();
        assertThat(store.failed()).isEmpty();
    }

    @Test
    void whenSqliteFindsTheDiskFullTheGroupFailsAndLaterOnesMaySucceed() {
        Sql[] writer = new Sql[1];
        done(store.write(transaction -> {
            writer[0] = ((SqlTransaction) transaction).tables().sql();
            long pages = writer[0].number("PRAGMA page_count");
            return writer[0].number("PRAGMA max_page_count = " + (pages + 4));
        }));
        List<CompletableFuture<?>> group = new ArrayList<>();
        done(store.write(outer -> {
            group.add(put("neighbour"));
            group.add(store.write(transaction -> {
                try {
                    transaction.putSetting("large", new byte[1_000_000]);
                } catch (RuntimeException swallowed) {
                    // Even so nothing of this transaction may count as done.
                }
                transaction.putSetting("despite", new byte[1]);
                return true;
            }));
            group.add(put("behind"));
            return true;
        }));

        for (CompletableFuture<?> failed : group) {
            assertThat(failure(failed)).isInstanceOf(IOException.class).hasMessageContaining("SQLITE_FULL");
        }
        assertThat(setting("neighbour")).isEmpty();
        assertThat(setting("large")).isEmpty();
        assertThat(setting("despite")).isEmpty();
        assertThat(store.failed()).isEmpty();
        done(put("small"));
        assertThat(setting("small")).isPresent();
    }

    @Test
    void aChunkIsRefusedBeforeItTakesTheReserve() {
        byte[] bytes = randomBytes(1_000, 1);
        disk.setFreeBytes(store.usage().reserveBytes() + 999);
        disk.events().clear();

        assertThat(failure(store.writeChunk(idOf(bytes), ByteBuffer.wrap(bytes))))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("disk full: ");

        assertThat(disk.events()).isEmpty();
        disk.setFreeBytes(store.usage().reserveBytes() + 1_000);
        stored(store, bytes);
    }

    @Test
    void aFullDiskCanStillBeEmptied() {
        ChunkId id = stored(store, randomBytes(1_000, 1));
        disk.setFreeBytes(0);

        done(put("metadata"));
        assertThat(done(store.collect(List.of(id)))).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"No space left on device", "Disk quota exceeded"})
    void aDiskThatRefusesWhileBytesSeemFreeIsFull(String error) throws IOException {
        byte[] bytes = randomBytes(1_000, 1);
        disk.because(error);
        disk.fail("create");

        assertThat(failure(store.writeChunk(idOf(bytes), ByteBuffer.wrap(bytes))))
                .isInstanceOf(DiskFullException.class)
                .hasMessageContaining(error);
    }
}
