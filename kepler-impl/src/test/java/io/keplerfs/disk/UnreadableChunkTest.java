package io.keplerfs.disk;

import static io.keplerfs.disk.DiskFixture.NOON;
import static io.keplerfs.disk.DiskFixture.done;
import static io.keplerfs.disk.DiskFixture.failure;
import static io.keplerfs.disk.DiskFixture.fileOf;
import static io.keplerfs.disk.DiskFixture.randomBytes;
import static io.keplerfs.disk.DiskFixture.readAll;
import static io.keplerfs.disk.DiskFixture.stored;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.ChunkRow.State;
import io.keplerfs.spi.MissingChunkException;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file that gives read errors again and again is a lost copy; a disk that does is a lost disk. */
class UnreadableChunkTest {
    private static final int SIZE = 1_000;
    private static final int CHUNKS = 20;

    @TempDir
    private Path root;

    private final AtomicLong now = new AtomicLong(NOON);
    private final List<ChunkId> ids = new ArrayList<>();
    private RecordingDisk disk;
    private DiskStore store;
    private ChunkId bad;

    @BeforeEach
    void storeChunks() throws IOException {
        disk = new RecordingDisk(root);
        store = DiskStore.open(DiskFixture.options(root, "node-a", now::get), disk);
        for (int i = 0; i < CHUNKS; i++) {
            ids.add(stored(store, randomBytes(SIZE, i)));
        }
        bad = ids.get(0);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private void breakFilesOf(List<ChunkId> chunks) {
        Set<String> names = chunks.stream().map(ChunkId::toString).collect(Collectors.toSet());
        disk.failReadsOf(file -> names.contains(file.getFileName().toString()));
    }

    private Throwable readFails() {
        return failure(readAll(store, bad, SIZE, false));
    }

    private void keepsItsCopy(Throwable error) {
        assertThat(error)
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(MissingChunkException.class)
                .hasMessageContaining(bad.toString())
                .hasMessageContaining("Input/output error");
        assertThat(state()).isEqualTo(State.LIVE);
        assertThat(store.failed()).isEmpty();
    }

    private State state() {
        return DiskFixture.row(store, bad).orElseThrow().state();
    }

    private void pass(Duration time) {
        now.addAndGet(time.toMillis());
    }

    @Test
    void theSecondErrorAfterAWhileMakesItALostCopyLikeADamagedOne() throws IOException {
        breakFilesOf(List.of(bad));
        keepsItsCopy(readFails());
        pass(Store.READ_AGAIN_AFTER);

        assertThat(readFails()).isInstanceOf(MissingChunkException.class).hasMessageContaining("unreadable");

        assertThat(state()).isEqualTo(State.QUARANTINE);
        assertThat(store.usage().chunks()).isEqualTo(CHUNKS - 1);
        assertThat(fileOf(root, bad)).doesNotExist();
        assertThat(root.resolve("quarantine").resolve(bad.toString())).hasSize(SIZE);
        assertThat(Files.readString(root.resolve("quarantine").resolve(bad + ".reason")))
                .contains("unreadable")
                .contains("Input/output error");
    }

    @Test
    void anErrorWhereDamageWasSuspectedIsTheFirstError() throws IOException {
        Files.write(fileOf(root, bad), new byte[1]);
        AtomicLong opened = new AtomicLong();
        disk.failReadsOf(file -> file.equals(fileOf(root, bad)) && opened.incrementAndGet() == 2);

        keepsItsCopy(readFails());

        assertThat(readFails()).isInstanceOf(MissingChunkException.class).hasMessageContaining("1 bytes instead of");
    }

    @Test
    void manyErrorsWithinAWhileAreOne() {
        breakFilesOf(List.of(bad));
        for (int i = 0; i < 5; i++) {
            keepsItsCopy(readFails());
        }
        pass(Store.READ_AGAIN_AFTER.minusMillis(1));
        keepsItsCopy(readFails());
    }

    @Test
    void anErrorThatHasPassedIsForgottenWhenTheWholeCopyWasRead() {
        breakFilesOf(List.of(bad));
        keepsItsCopy(readFails());
        breakFilesOf(List.of());
        done(readAll(store, bad, SIZE, true));
        breakFilesOf(List.of(bad));
        pass(Store.READ_AGAIN_AFTER);

        keepsItsCopy(readFails());
    }

    @Test
    void aDiskThatGivesErrorsForEveryFileFailsTheStoreAndLosesNoCopy() {
        breakFilesOf(ids);
        keepsItsCopy(readFails());
        pass(Store.READ_AGAIN_AFTER);

        assertThat(readFails()).hasMessageContaining("store failed").hasMessageContaining("read errors");

        assertThat(store.failed()).isPresent();
        assertThat(root.resolve("quarantine")).isEmptyDirectory();
    }

    @Test
    void nobodyKnowsWhetherTheDiskIsBadWhileOnlyOneOtherCanBeRead() {
        breakFilesOf(ids.stream()
                .sorted(java.util.Comparator.comparing(ChunkId::toString))
                .filter(id -> !id.equals(next()))
                .toList());
        keepsItsCopy(readFails());
        pass(Store.READ_AGAIN_AFTER);
        keepsItsCopy(readFails());

        breakFilesOf(List.of(bad));
        pass(Store.READ_AGAIN_AFTER.minusMillis(1));
        keepsItsCopy(readFails());
        pass(Duration.ofMillis(1));
        assertThat(readFails()).isInstanceOf(MissingChunkException.class);
    }

    /** In the order in which others are tried. */
    private ChunkId next() {
        List<String> names = ids.stream().map(ChunkId::toString).sorted().toList();
        return ChunkId.parse(names.get((names.indexOf(bad.toString()) + 1) % CHUNKS));
    }

    @Test
    void aProcessThatCannotOpenAnyFileHasNoBadDisk() throws IOException {
        breakFilesOf(ids);
        keepsItsCopy(readFails());
        pass(Store.READ_AGAIN_AFTER);
        Path identity = root.resolve("node.json");
        Path aside = root.resolve("aside");
        Files.move(identity, aside);
        // Stands for a limit on open files: it exists and cannot be read.
        Files.createDirectory(identity);

        keepsItsCopy(readFails());

        Files.delete(identity);
        Files.move(aside, identity);
    }

    @Test
    void theOnlyOtherChunkIsEnough() {
        done(store.collect(ids.subList(2, CHUNKS)));
        breakFilesOf(List.of(bad));
        keepsItsCopy(readFails());
        pass(Store.READ_AGAIN_AFTER);

        assertThat(readFails()).isInstanceOf(MissingChunkException.class);
    }

    @Test
    void aFileThatCannotBeMovedIsALostCopyTooAndAnotherTakesItsPlace() throws IOException {
        breakFilesOf(List.of(bad));
        keepsItsCopy(readFails());
        pass(Store.READ_AGAIN_AFTER);
        disk.fail("rename");

        assertThat(readFails()).isInstanceOf(MissingChunkException.class);

        assertThat(state()).isEqualTo(State.QUARANTINE);
        assertThat(fileOf(root, bad)).exists();
        assertThat(failure(store.writeChunk(bad, ByteBuffer.wrap(randomBytes(SIZE, 0)))))
                .hasMessageContaining("injected");
        assertThat(fileOf(root, bad)).as("perhaps all that is left").exists();
        disk.fail(null);
        breakFilesOf(List.of());
        stored(store, randomBytes(SIZE, 0));
        assertThat(done(readAll(store, bad, SIZE, true)).array()).isEqualTo(randomBytes(SIZE, 0));
        assertThat(store.usage().chunks()).isEqualTo(CHUNKS);
    }

    @Test
    void anUnreadableFileWithoutARowDoesNotKeepOthersFromBeingAdopted() throws IOException {
        ChunkId other = ids.stream()
                .filter(id -> !id.equals(bad) && id.bytes()[0] == bad.bytes()[0])
                .findFirst()
                .orElse(bad);
        breakFilesOf(List.of(bad));
        done(store.write(tables -> {
            Sql sql = ((SqlTransaction) tables).changing().sql();
            return sql.update("DELETE FROM chunks WHERE id IN (?, ?)", bad, other);
        }));

        done(store.reconcile(bad.bytes()[0] & 0xff));

        assertThat(fileOf(root, bad)).exists();
        assertThat(root.resolve("quarantine")).isEmptyDirectory();
        breakFilesOf(List.of());
        assertThat(done(store.reconcile(bad.bytes()[0] & 0xff))).isEqualTo(1);
        assertThat(state()).isEqualTo(State.LIVE);
    }
}
