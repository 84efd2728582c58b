package io.keplerfs.disk;

import static io.keplerfs.disk.DiskFixture.done;
import static io.keplerfs.disk.DiskFixture.failure;
import static io.keplerfs.disk.DiskFixture.fileOf;
import static io.keplerfs.disk.DiskFixture.idOf;
import static io.keplerfs.disk.DiskFixture.randomBytes;
import static io.keplerfs.disk.DiskFixture.readAll;
import static io.keplerfs.disk.DiskFixture.row;
import static io.keplerfs.disk.DiskFixture.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.keplerfs.spi.ChunkRow.State;
import io.keplerfs.spi.Digest;
import io.keplerfs.spi.DigestCell;
import io.keplerfs.spi.DigestKind;
import io.keplerfs.spi.Pin;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.VersionId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that is not there is no disk whose every copy is lost. */
class MissingDiskTest {
    private static final int SIZE = 1_000;
    private static final Pin PIN = new Pin(new VersionId(new UUID(1, 2)), "photos", "cat");

    @TempDir
    private Path parent;

    private Path root;
    private DiskStore store;
    private final List<ChunkId> ids = new ArrayList<>();

    @BeforeEach
    void storeSomeChunks() throws IOException {
        root = parent.resolve("data");
        store = DiskStore.open(DiskFixture.options(root));
        for (int i = 0; i < 5; i++) {
            ids.add(stored(store, randomBytes(SIZE, i)));
        }
    }

    @AfterEach
    void close() {
        store.close();
    }

    private void moveChunksAway() throws IOException {
        Files.move(root.resolve("chunks"), root.resolve("elsewhere"));
    }

    private void storeFailedAndQuarantinedNothing(String why) {
        assertThat(store.failed()).hasValueSatisfying(told -> assertThat(told).contains(why));
        assertThat(root.resolve("quarantine")).isEmptyDirectory();
    }

    @Test
    void aTreeThatWasEmptiedUnderARunningStoreFailsItInsteadOfLosingEveryCopy() throws IOException {
        moveChunksAway();
        Files.createDirectory(root.resolve("chunks"));

        assertThat(failure(readAll(store, ids.get(0), SIZE, false))).hasMessageContaining("unmounted or deleted?");

        storeFailedAndQuarantinedNothing("5 chunks should lie there");
    }

    @Test
    void aComparisonOfRowsWithFilesNoticesItToo() throws IOException {
        moveChunksAway();
        Files.createDirectory(root.resolve("chunks"));

        assertThat(failure(store.reconcile(ids.get(0).bytes()[0] & 0xff))).hasMessageContaining("store failed");

        storeFailedAndQuarantinedNothing("5 chunks should lie there");
    }

    @Test
    void nothingIsWrittenWhereADirectoryWasUnmounted() throws IOException {
        moveChunksAway();
        byte[] more = randomBytes(SIZE, 99);

        assertThat(failure(store.writeChunk(idOf(more), ByteBuffer.wrap(more)))).hasMessageContaining("has vanished");

        assertThat(root.resolve("chunks")).doesNotExist();
        storeFailedAndQuarantinedNothing("has vanished");
    }

    @Test
    void aTransactionInAVanishedDirectoryIsNotAcknowledged() throws IOException {
        Files.move(root, parent.resolve("moved"));

        assertThat(failure(store.write(tables -> true))).hasMessageContaining("has vanished");

        assertThat(store.failed()).isPresent();
        Files.move(parent.resolve("moved"), root);
    }

    @Test
    void theTimerOfTheTrashNoticesItWithoutAnyTraffic() throws IOException {
        moveChunksAway();

        assertThat(failure(store.purge(0))).hasMessageContaining("has vanished");
    }

    @Test
    void aStartWithoutTheChunksIsRefusedAsOftenAsItIsTried() throws IOException {
        store.close();
        moveChunksAway();

        for (int i = 0; i < 2; i++) {
            assertThatIOException()
                    .isThrownBy(() -> DiskStore.open(DiskFixture.options(root)))
                    .withMessageContaining("knows 5 chunks")
                    .withMessageContaining("mount the disk")
                    .withMessageContaining("chunks.lost");
        }

        Files.move(root.resolve("elsewhere"), root.resolve("chunks"));
        store = DiskStore.open(DiskFixture.options(root));
        assertThat(done(readAll(store, ids.get(0), SIZE, true)).array()).isEqualTo(randomBytes(SIZE, 0));
    }

    @Test
    void anEmptyMountPointIsRefusedLikeNone() throws IOException {
        store.close();
        moveChunksAway();
        Files.createDirectories(root.resolve("chunks").resolve("lost+found"));

        assertThatIOException().isThrownBy(() -> DiskStore.open(DiskFixture.options(root)));
    }

    @Test
    void anOperatorMayGiveTheChunksUpAndTheyCountAsLostOnce() throws IOException {
        store.close();
        moveChunksAway();
        Files.createFile(root.resolve("chunks.lost"));

        store = DiskStore.open(DiskFixture.options(root));

        assertThat(root.resolve("chunks.lost")).doesNotExist();
        assertThat(ids)
                .allSatisfy(
                        id -> assertThat(row(store, id).orElseThrow().state()).isEqualTo(State.QUARANTINE));
        assertThat(store.usage().chunks()).isZero();
        stored(store, randomBytes(SIZE, 0));
        assertThat(done(readAll(store, ids.get(0), SIZE, true)).array()).isEqualTo(randomBytes(SIZE, 0));
    }

    @Test
    void chunksThatWereGivenUpCountInNoDigest() throws IOException {
        done(store.write(tables -> {
            ids.forEach(id -> tables.pin(id, PIN));
            return true;
        }));
        store.close();
        moveChunksAway();
        Files.createFile(root.resolve("chunks.lost"));

        store = DiskStore.open(DiskFixture.options(root));

        assertThat(digests()).isEmpty();
        recountFindsNothingToMend();
        stored(store, randomBytes(SIZE, 0));
        assertThat(digests())
                .isEqualTo(Map.of(DigestCell.of(ids.get(0)).partition(), Digest.of(ids.get(0), PIN.upload())));
        recountFindsNothingToMend();
    }

    private SortedMap<Integer, Digest> digests() {
        return done(store.read(tables -> tables.digests(DigestKind.CHUNKS, 0, DigestCell.PARTITIONS)));
    }

    private void recountFindsNothingToMend() {
        for (ChunkId id : ids) {
            boolean wrong = done(store.write(tables -> tables.recountDigests(DigestCell.of(id))));
            assertThat(wrong).isFalse();
        }
    }

    @Test
    void chunksGivenUpCountAgainIfThatIsUndone() {
        CompletableFuture<Boolean> before = store.write(tables -> tables.pin(ids.get(0), PIN));

        failure(store.write(tables -> {
            tables.pin(ids.get(1), PIN);
            ((SqlTransaction) tables).changing().chunks().quarantineAll();
            assertThat(tables.digests(DigestKind.CHUNKS, 0, DigestCell.PARTITIONS))
                    .isEmpty();
            throw new IllegalStateException("undone");
        }));

        done(before);
        assertThat(digests()).containsOnlyKeys(DigestCell.of(ids.get(0)).partition());
        recountFindsNothingToMend();
    }

    @Test
    void givingUpChunksThatAreThereIsIgnored() throws IOException {
        store.close();
        Files.createFile(root.resolve("chunks.lost"));

        store = DiskStore.open(DiskFixture.options(root));

        assertThat(root.resolve("chunks.lost")).doesNotExist();
        assertThat(done(readAll(store, ids.get(0), SIZE, true)).array()).isEqualTo(randomBytes(SIZE, 0));
    }

    @Test
    void oneDeletedFileAmongOthersIsALostCopyAndNoMore() throws IOException {
        Files.delete(fileOf(root, ids.get(0)));

        failure(readAll(store, ids.get(0), SIZE, false));

        assertThat(store.failed()).isEmpty();
        assertThat(row(store, ids.get(0)).orElseThrow().state()).isEqualTo(State.QUARANTINE);
    }
}
