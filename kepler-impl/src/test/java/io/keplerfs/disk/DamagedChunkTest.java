package io.keplerfs.disk;

import static io.keplerfs.disk.DiskFixture.done;
import static io.keplerfs.disk.DiskFixture.failure;
import static io.keplerfs.disk.DiskFixture.fileOf;
import static io.keplerfs.disk.DiskFixture.randomBytes;
import static io.keplerfs.disk.DiskFixture.readAll;
import static io.keplerfs.disk.DiskFixture.stored;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.ChunkRow.State;
import io.keplerfs.spi.MissingChunkException;
import io.keplerfs.spi.Pin;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.VersionId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A copy that is lost is noticed, set aside and never served, and another can take its place. */
class DamagedChunkTest {
    private static final int SIZE = 200_000;

    @TempDir
    private Path root;

    private DiskStore store;
    private byte[] bytes;
    private ChunkId id;

    @BeforeEach
    void storeOneChunk() throws IOException {
        store = DiskStore.open(DiskFixture.options(root));
        bytes = randomBytes(SIZE, 1);
        id = stored(store, bytes);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private State state() {
        return DiskFixture.row(store, id).orElseThrow().state();
    }

    private void readIsRefusedAndTheCopyQuarantined(String reason) throws IOException {
        assertThat(failure(readAll(store, id, SIZE, false)))
                .isInstanceOf(MissingChunkException.class)
                .hasMessageContaining(reason);
        assertThat(state()).isEqualTo(State.QUARANTINE);
        assertThat(store.usage().chunks()).isZero();
        assertThat(store.usage().chunkBytes()).isZero();
        assertThat(fileOf(root, id)).doesNotExist();
        assertThat(Files.readString(root.resolve("quarantine").resolve(id + ".reason")))
                .contains(reason);
    }

    private void flipBitAt(int offset) throws IOException {
        byte[] damaged = bytes.clone();
        damaged[offset] ^= 0x10;
        Files.write(fileOf(root, id), damaged);
    }

    @Test
    void aFlippedBitIsNoticedAndTheFileKeptForInspection() throws IOException {
        flipBitAt(150_000);

        readIsRefusedAndTheCopyQuarantined("CRC-32C of bytes 131072 to 196608");

        assertThat(root.resolve("quarantine").resolve(id.toString())).hasSize(SIZE);
        assertThat(failure(readAll(store, id, SIZE, false))).hasMessageContaining("QUARANTINE");
    }

    @Test
    void aReadElsewhereInTheChunkIsNotDisturbedButAVerifyingOneIs() throws IOException {
        flipBitAt(150_000);

        done(store.readChunk(id, 0, ByteBuffer.allocate(1_000), false));
        assertThat(state()).isEqualTo(State.LIVE);

        assertThat(failure(store.readChunk(id, 0, ByteBuffer.allocate(1_000), true)))
                .isInstanceOf(MissingChunkException.class);
        assertThat(state()).isEqualTo(State.QUARANTINE);
    }

    @Test
    void bytesThatMatchTheirSumsButNotTheHashAreNoticedByAVerifyingRead() throws IOException {
        flipBitAt(10);
        byte[] damaged = Files.readAllBytes(fileOf(root, id));
        done(store.write(transaction -> {
            PieceSums forged = PieceSums.of(ByteBuffer.wrap(damaged));
            ((SqlTransaction) transaction).changing().chunks().putLive(id, SIZE, forged, 0);
            return true;
        }));

        assertThat(done(readAll(store, id, SIZE, false)).array()).isEqualTo(damaged);
        assertThat(failure(readAll(store, id, SIZE, true)))
                .isInstanceOf(MissingChunkException.class)
                .hasMessageContaining("SHA-256");
    }

    @Test
    void aTruncatedFileIsNoticedWhateverPartIsRead() throws IOException {
        Files.write(fileOf(root, id), Arrays.copyOf(bytes, SIZE - 1));

        assertThat(failure(store.readChunk(id, 0, ByteBuffer.allocate(10), false)))
                .isInstanceOf(MissingChunkException.class)
                .hasMessageContaining("199999 bytes instead of 200000");
    }

    @Test
    void aMissingFileIsNoticed() throws IOException {
        Files.delete(fileOf(root, id));

        readIsRefusedAndTheCopyQuarantined("file is missing");
    }

    @Test
    void aDataDirectoryThatVanishedFailsTheStoreAndQuarantinesNothing() throws IOException {
        Files.delete(root.resolve("node.json"));
        Files.delete(fileOf(root, id));

        assertThat(failure(readAll(store, id, SIZE, false))).hasMessageContaining("has vanished");

        assertThat(store.failed()).isPresent();
        assertThat(failure(store.write(transaction -> true))).hasMessageContaining("has vanished");
        assertThat(root.resolve("quarantine")).isEmptyDirectory();
    }

    @Test
    void anotherCopyTakesThePlaceOfTheLostOne() throws IOException {
        flipBitAt(0);
        readIsRefusedAndTheCopyQuarantined("CRC-32C");
        Pin pin = new Pin(new VersionId(new UUID(1, 1)), "photos", "cat");
        boolean before = done(store.write(transaction -> transaction.pin(id, pin)));
        assertThat(before).isFalse();

        stored(store, bytes);

        assertThat(done(readAll(store, id, SIZE, true)).array()).isEqualTo(bytes);
        boolean after = done(store.write(transaction -> transaction.pin(id, pin)));
        assertThat(after).isTrue();
        assertThat(store.usage().chunks()).isEqualTo(1);
    }

    @Test
    void aWriteReplacesACopyThatIsVisiblyIncompleteWithoutCountingTwice() throws IOException {
        Files.write(fileOf(root, id), new byte[5]);

        stored(store, bytes);

        assertThat(done(readAll(store, id, SIZE, true)).array()).isEqualTo(bytes);
        assertThat(store.usage().chunks()).isEqualTo(1);
        assertThat(store.usage().chunkBytes()).isEqualTo(SIZE);
    }

    @Test
    void aQuarantinedChunkThatNobodyNeedsIsForgottenAndItsFileKept() throws IOException {
        flipBitAt(0);
        readIsRefusedAndTheCopyQuarantined("CRC-32C");

        assertThat(done(store.collect(List.of(id)))).isEqualTo(1);

        assertThat(DiskFixture.row(store, id)).isEmpty();
        assertThat(root.resolve("quarantine").resolve(id.toString())).exists();
    }

    @Test
    void aFileWithoutARowIsNoChunkUntilItIsWrittenAgain() throws IOException {
        byte[] other = randomBytes(100, 2);
        ChunkId orphan = DiskFixture.idOf(other);
        Files.createDirectories(fileOf(root, orphan).getParent());
        Files.write(fileOf(root, orphan), randomBytes(100, 3));

        assertThat(failure(readAll(store, orphan, 100, false))).isInstanceOf(MissingChunkException.class);
        stored(store, other);

        assertThat(done(readAll(store, orphan, 100, true)).array()).isEqualTo(other);
    }

    @Test
    void aVerifyingReadIsRemembered() {
        done(readAll(store, id, SIZE, true));

        // Queued behind the note of the read.
        long verified = done(store.write(transaction -> ((SqlTransaction) transaction)
                .tables()
                .sql()
                .number("SELECT verified_at FROM chunks WHERE id = ?", id)));
        assertThat(verified).isEqualTo(DiskFixture.NOON);
    }
}
