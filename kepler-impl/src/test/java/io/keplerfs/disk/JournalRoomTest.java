package io.keplerfs.disk;

import static io.keplerfs.disk.DiskFixture.done;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The journal neither takes the room of meta.db nor waits for room that it does not need. */
class JournalRoomTest {
    private static final int ROWS = 80;
    private static final long RESERVE = Store.Usage.reserveBytes(Long.MAX_VALUE);

    @TempDir
    private Path home;

    private Path root;
    private RecordingDisk disk;
    private long time;

    @BeforeEach
    void makeDisk() {
        root = home.resolve("data");
        disk = new RecordingDisk(root);
    }

    private DiskStore open() throws IOException {
        return DiskStore.open(DiskFixture.options(root), disk);
    }

    private void fill(DiskStore store, int times) {
        NodeId node = new NodeId(new UUID(1, 2));
        for (int i = 0; i < times; i++) {
            Ballot ballot = new Ballot(++time, node);
            done(store.write(tables -> {
                for (int row = 0; row < ROWS; row++) {
                    RegisterKey key = new RegisterKey("photos", 0, "key-" + row);
                    tables.register(key);
                    byte[] value = DiskFixture.randomBytes(8_000, row);
                    tables.putRegister(new RegisterRow(key, ballot, ballot, value, new byte[0]));
                }
                return true;
            }));
        }
    }

    private List<String> journal() throws IOException {
        return DiskFixture.namesIn(root.resolve("manifests"));
    }

    private void assertNoCheckpoint(DiskStore store) {
        assertThatThrownBy(store::checkpointJournal)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("bytes are");
    }

    @Test
    void segmentsOfOverwrittenValuesAreReplacedWhenTheCheckpointFitsAndTheyWouldNot() throws IOException {
        try (DiskStore store = open()) {
            fill(store, 1);
            store.checkpointJournal();
            fill(store, 8);
            disk.setFreeBytes(RESERVE + 2_000_000);

            store.checkpointJournal();

            assertThat(journal()).hasSize(2).anyMatch(name -> name.endsWith(".all"));
        }
    }

    @Test
    void theFirstCheckpointNeedsRoomForWhatIsInMetaDbAndFailedTriesLeaveNothing() throws IOException {
        try (DiskStore store = open()) {
            fill(store, 1);
        }
        try (DiskStore store = open()) {
            long database = Files.size(root.resolve("meta.db"));
            assertThat(database).isGreaterThan(ROWS * 8_000);
            disk.setFreeBytes(RESERVE + database - 1);
            List<String> before = journal();
            for (int i = 0; i < 3; i++) {
                assertNoCheckpoint(store);
            }
            assertThat(journal()).isEqualTo(before);
        }
    }

    @Test
    void roomThatSomebodyElseTakesMeanwhileEndsItCleanlyAndAgainAndAgain() throws IOException {
        try (DiskStore store = open()) {
            fill(store, 1);
            disk.setFreeBytes(() -> parts() > 0 ? RESERVE + 1 : Long.MAX_VALUE);
            assertNoCheckpoint(store);
            assertThat(parts()).isEqualTo(1);
            List<String> once = journal();
            assertThat(once).noneMatch(name -> name.endsWith(".new"));
            for (int i = 0; i < 3; i++) {
                disk.events().clear();
                assertNoCheckpoint(store);
            }
            assertThat(journal()).isEqualTo(once);

            disk.setFreeBytes(Long.MAX_VALUE);
            store.checkpointJournal();
            assertThat(journal()).hasSize(2);
        }
        try (Remains remains = Remains.open(root, 0)) {
            assertThat(remains.contents().registers()).hasSize(ROWS);
            assertThat(remains.notes()).isEmpty();
        }
    }

    /** Written of a checkpoint. */
    private long parts() {
        return disk.events().stream()
                .filter(event -> event.startsWith("write manifests") && event.endsWith(".new"))
                .count();
    }

    @Test
    void aBrokenJournalsFailedTriesLeaveNoSegments() throws IOException {
        try (DiskStore store = open()) {
            fill(store, 1);
            disk.fail("write manifests");
            fill(store, 1);
            disk.fail("rename manifests");
            List<String> before = journal();
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(store::checkpointJournal).hasMessageContaining("injected");
            }
            assertThat(journal()).isEqualTo(before);
        }
    }

    @Test
    void segmentsOfABrokenJournalMakeRoomForWhatReplacesThem() throws IOException {
        try (DiskStore store = open()) {
            fill(store, 1);
            store.checkpointJournal();
            fill(store, 8);
            disk.fail("write manifests");
            fill(store, 1);
            disk.fail(null);
            disk.setFreeBytes(() -> RESERVE + (hasSegments() ? 100_000 : 5_000_000));

            store.checkpointJournal();

            assertThat(journal()).hasSize(2).anyMatch(name -> name.endsWith(".all"));
        }
        try (Remains remains = Remains.open(root, 0)) {
            assertThat(remains.contents().registers()).hasSize(ROWS);
            assertThat(remains.notes()).isEmpty();
        }
    }

    private boolean hasSegments() {
        try {
            return JournalFile.in(root.resolve("manifests")).stream()
                    .anyMatch(file -> !file.whole() && file.path().toFile().length() > 1_000_000);
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        }
    }
}
