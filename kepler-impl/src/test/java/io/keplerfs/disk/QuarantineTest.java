package io.keplerfs.disk;

import static io.keplerfs.disk.DiskFixture.NOON;
import static io.keplerfs.disk.DiskFixture.done;
import static io.keplerfs.disk.DiskFixture.failure;
import static io.keplerfs.disk.DiskFixture.fileOf;
import static io.keplerfs.disk.DiskFixture.namesIn;
import static io.keplerfs.disk.DiskFixture.randomBytes;
import static io.keplerfs.disk.DiskFixture.readAll;
import static io.keplerfs.disk.DiskFixture.stored;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.values.ChunkId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What failed a check is kept for a person to look at, though not for ever, unless it may be all that is left. */
class QuarantineTest {
    private static final int SIZE = 1_000;

    @TempDir
    private Path root;

    private final AtomicLong now = new AtomicLong(NOON);
    private RecordingDisk disk;
    private DiskStore store;
    private ChunkId id;

    @BeforeEach
    void damageOne() throws IOException {
        disk = new RecordingDisk(root);
        store = DiskStore.open(DiskFixture.options(root, "node-a", now::get), disk);
        stored(store, randomBytes(SIZE, 2));
        id = stored(store, randomBytes(SIZE, 1));
        Files.write(fileOf(root, id), randomBytes(SIZE, 3));
        failure(readAll(store, id, SIZE, true));
    }

    @AfterEach
    void close() {
        store.close();
    }

    private void lookAfter(Duration time) {
        now.addAndGet(time.toMillis());
        done(store.purge(0));
    }

    @Test
    void aMendedChunksDamagedFileGoesAfterThirtyDays() throws IOException {
        stored(store, randomBytes(SIZE, 1));

        lookAfter(Duration.ofDays(29));
        assertThat(namesIn(root.resolve("quarantine"))).containsExactly(id.toString(), id + ".reason");

        lookAfter(Duration.ofDays(2));
        assertThat(root.resolve("quarantine")).isEmptyDirectory();
        assertThat(done(readAll(store, id, SIZE, true)).array()).isEqualTo(randomBytes(SIZE, 1));
    }

    @Test
    void aDamagedFileThatMayBeAllThatIsLeftStaysForEver() throws IOException {
        lookAfter(Duration.ofDays(400));

        disk.setFreeBytes(0);
        lookAfter(Duration.ofDays(400));

        assertThat(namesIn(root.resolve("quarantine"))).containsExactly(id.toString(), id + ".reason");
    }

    @Test
    void onANearlyFullDiskMendedOnesGoAtOnce() {
        stored(store, randomBytes(SIZE, 1));
        disk.setFreeBytes(store.usage().nearlyFullBytes() - 1);

        lookAfter(Duration.ZERO);

        assertThat(root.resolve("quarantine")).isEmptyDirectory();
    }
}
