package io.keplerfs.disk;

import static io.keplerfs.disk.DiskFixture.done;
import static io.keplerfs.disk.DiskFixture.fileOf;
import static io.keplerfs.disk.DiskFixture.randomBytes;
import static io.keplerfs.disk.DiskFixture.stored;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.ChunkRow.State;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Collected chunks are kept for a while, then really gone; a crash between row and file is finished at the next start. */
class TrashTest {
    private static final long HOUR = 3_600_000;
    private static final long DAY = 24 * HOUR;

    @TempDir
    private Path root;

    private final AtomicLong now = new AtomicLong(DiskFixture.NOON);
    private RecordingDisk disk;
    private DiskStore store;
    private ChunkId id;

    @BeforeEach
    void collectOneChunk() throws IOException {
        disk = new RecordingDisk(root);
        open();
        id = stored(store, randomBytes(100, 1));
    }

    private void open() throws IOException {
        store = DiskStore.open(DiskFixture.options(root, "node-a", now::get), disk);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private Path trashed() {
        return root.resolve("trash").resolve(id.toString());
    }

    private void purgeAfter(long millis) {
        now.addAndGet(millis);
        done(store.purge(now.get() - DAY));
    }

    @Test
    void aCollectedChunkLiesInTheTrashForADay() {
        done(store.collect(List.of(id)));
        assertThat(fileOf(root, id)).doesNotExist();
        assertThat(trashed()).hasSize(100);

        purgeAfter(DAY - 1);
        assertThat(trashed()).exists();
        assertThat(DiskFixture.row(store, id).orElseThrow().state()).isEqualTo(State.TRASH);

        purgeAfter(HOUR);
        assertThat(trashed()).doesNotExist();
        assertThat(DiskFixture.row(store, id)).isEmpty();
    }

    @Test
    void whatIsBroughtBackAndCollectedAgainIsAgedAnew() {
        done(store.collect(List.of(id)));
        purgeAfter(DAY / 2);
        assertThat(done(store.restore(id))).isTrue();
        assertThat(fileOf(root, id)).hasSize(100);
        done(store.collect(List.of(id)));

        purgeAfter(DAY - 1);

        assertThat(trashed()).exists();
    }

    @Test
    void aRestoreCutShortBeforeItsRowLeavesTheChunkInTheTrash() throws IOException {
        done(store.collect(List.of(id)));
        disk.fail("force-dir");
        DiskFixture.failure(store.restore(id));
        disk.fail(null);
        store.close();

        open();

        assertThat(trashed()).exists();
        assertThat(done(store.restore(id))).isTrue();
        assertThat(done(DiskFixture.readAll(store, id, 100, true)).array()).isEqualTo(randomBytes(100, 1));
    }

    @Test
    void aFileWithoutARowIsAdoptedIfItsHashIsRightAndPutAsideIfNot() throws IOException {
        Path stray = fileOf(root, ChunkId.of(java.nio.ByteBuffer.wrap(randomBytes(50, 7))));
        Path wrong = fileOf(root, ChunkId.of(java.nio.ByteBuffer.wrap(randomBytes(50, 8))));
        Files.createDirectories(stray.getParent());
        Files.createDirectories(wrong.getParent());
        Files.write(stray, randomBytes(50, 7));
        Files.write(wrong, randomBytes(50, 9));
        int found = 0;

        for (int slice = 0; slice < Store.SLICES; slice++) {
            found += done(store.reconcile(slice));
        }

        assertThat(found).isEqualTo(2);
        assertThat(stray).exists();
        assertThat(wrong).doesNotExist();
        assertThat(root.resolve("quarantine").resolve(wrong.getFileName())).exists();
        ChunkId adopted = ChunkId.of(java.nio.ByteBuffer.wrap(randomBytes(50, 7)));
        OptionalLong since = done(store.read(tables -> tables.unreferencedSince(adopted)));
        assertThat(since).hasValue(now.get());
        assertThat(store.usage().chunks()).isEqualTo(2);
    }

    @Test
    void aRowWithoutAFileIsALostCopy() throws IOException {
        Files.delete(fileOf(root, id));

        int found = 0;
        for (int slice = 0; slice < Store.SLICES; slice++) {
            found += done(store.reconcile(slice));
        }

        assertThat(found).isEqualTo(1);
        assertThat(DiskFixture.row(store, id).orElseThrow().state()).isEqualTo(State.QUARANTINE);
    }

    @Test
    void emptyingTheTrashDoesNotTouchAChunkThatWasWrittenAgain() {
        done(store.collect(List.of(id)));
        stored(store, randomBytes(100, 1));

        purgeAfter(25 * HOUR);

        assertThat(trashed()).doesNotExist();
        assertThat(done(DiskFixture.readAll(store, id, 100, true)).array()).isEqualTo(randomBytes(100, 1));
    }

    @Test
    void aCollectionCutShortBeforeTheMoveIsFinishedAtStart() throws IOException {
        disk.fail("rename");
        DiskFixture.failure(store.collect(List.of(id)));
        disk.fail(null);
        assertThat(fileOf(root, id)).exists();
        assertThat(store.usage().chunks()).isZero();
        store.close();

        open();

        assertThat(fileOf(root, id)).doesNotExist();
        assertThat(trashed()).exists();
        assertThat(store.usage().chunks()).isZero();
    }

    @Test
    void aQuarantineCutShortBeforeTheMoveIsFinishedAtStart() throws IOException {
        Files.write(fileOf(root, id), randomBytes(100, 9));
        disk.fail("rename");
        DiskFixture.failure(DiskFixture.readAll(store, id, 100, false));
        disk.fail(null);
        store.close();

        open();

        assertThat(fileOf(root, id)).doesNotExist();
        assertThat(root.resolve("quarantine").resolve(id.toString())).exists();
    }

    @Test
    void strangeFilesInTheTrashAreLeftAlone() throws IOException {
        Path note = Files.writeString(root.resolve("trash").resolve("note.txt"), "mine");

        purgeAfter(48 * HOUR);

        assertThat(note).exists();
    }
}
