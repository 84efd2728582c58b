package io.keplerfs.disk;

import static io.keplerfs.disk.DiskFixture.done;
import static io.keplerfs.disk.DiskFixture.fileOf;
import static io.keplerfs.disk.DiskFixture.randomBytes;
import static io.keplerfs.disk.DiskFixture.stored;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.ChunkRow.State;
import io.keplerfs.values.ChunkId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Collected chunks are kept for a while, then really gone; a crash between row and file is finished at the next start. */
class TrashTest {
    private static final long HOUR = 3_600_000;

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

    private void collectAfter(long millis) {
        now.addAndGet(millis);
        done(store.collect(List.of()));
    }

    @Test
    void aCollectedChunkLiesInTheTrashForADay() {
        done(store.collect(List.of(id)));
        assertThat(fileOf(root, id)).doesNotExist();
        assertThat(trashed()).hasSize(100);

        collectAfter(24 * HOUR - 1);
        assertThat(trashed()).exists();
        assertThat(DiskFixture.row(store, id).orElseThrow().state()).isEqualTo(State.TRASH);

        collectAfter(HOUR);
        assertThat(trashed()).doesNotExist();
        assertThat(DiskFixture.row(store, id)).isEmpty();
    }

    @Test
    void onANearlyFullDiskTheTrashIsKeptForTenMinutesOnly() {
        disk.setFreeBytes(Trash.NEARLY_FULL_BYTES - 1);
        done(store.collect(List.of(id)));

        collectAfter(Trash.KEPT_WHEN_NEARLY_FULL_MILLIS - 1);
        assertThat(trashed()).exists();

        collectAfter(HOUR / 60);
        assertThat(trashed()).doesNotExist();
    }

    @Test
    void oldTrashGoesAtStartToo() throws IOException {
        done(store.collect(List.of(id)));
        store.close();
        now.addAndGet(25 * HOUR);

        open();

        assertThat(trashed()).doesNotExist();
        assertThat(DiskFixture.row(store, id)).isEmpty();
    }

    @Test
    void emptyingTheTrashDoesNotTouchAChunkThatWasWrittenAgain() {
        done(store.collect(List.of(id)));
        stored(store, randomBytes(100, 1));

        collectAfter(25 * HOUR);

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

        collectAfter(48 * HOUR);

        assertThat(note).exists();
    }
}
