package io.keplerfs.disk;

import static io.keplerfs.disk.DiskFixture.done;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.common.util.concurrent.Uninterruptibles;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever was committed can be read from the journal alone, and a journal that is not all says so. */
class ManifestJournalTest {
    private static final NodeId NODE = new NodeId(new UUID(1, 2));

    @TempDir
    private Path home;

    private Path root() {
        return home.resolve("data");
    }

    private static RegisterKey key(int i) {
        return new RegisterKey("photos", i % 3, "key-" + i);
    }

    private static RegisterRow row(int i, long time, String value) {
        Ballot ballot = new Ballot(time, NODE);
        return new RegisterRow(key(i), ballot, ballot, value.getBytes(StandardCharsets.UTF_8), new byte[0]);
    }

    private static void put(DiskStore store, RegisterRow row) {
        done(store.write(tables -> {
            tables.register(row.key());
            tables.putRegister(row);
            return true;
        }));
    }

    private static void remove(DiskStore store, int i) {
        done(store.write(tables -> {
            tables.removeRegister(key(i));
            return true;
        }));
    }

    /** What can be read without meta.db, by key. */
    private static Map<String, String> readBack(Path directory) throws IOException {
        Path withoutDatabase = Files.createTempDirectory(directory.getParent(), "lost");
        DiskFixture.copy(directory, withoutDatabase.resolve("data"));
        for (String part : List.of("meta.db", "meta.db-wal", "meta.db-shm")) {
            Files.deleteIfExists(withoutDatabase.resolve("data").resolve(part));
        }
        try (Remains remains = Remains.open(withoutDatabase.resolve("data"), 0)) {
            Map<String, String> found = new TreeMap<>();
            for (Map.Entry<RegisterKey, List<Remains.Located>> entry :
                    remains.contents().registers().entrySet()) {
                found.put(
                        entry.getKey().key(),
                        new String(
                                remains.value(entry.getKey(), entry.getValue().get(0)), StandardCharsets.UTF_8));
            }
            return found;
        }
    }

    private static List<String> notes(Path directory) throws IOException {
        try (Remains remains = Remains.open(directory, 0)) {
            remains.contents();
            return remains.notes();
        }
    }

    private static void checkpoint(DiskStore store) throws IOException {
        store.checkpointJournal();
    }

    private static Path newest(Path directory, String suffix) throws IOException {
        return JournalFile.in(directory.resolve("manifests")).stream()
                .filter(file -> file.path().toString().endsWith(suffix))
                .reduce((first, last) -> last)
                .orElseThrow()
                .path();
    }

    @Test
    void everyCommittedValueIsThereAtOnceAndRemovedOnesAreNot() throws IOException {
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            put(store, row(1, 5, "one"));
            put(store, row(1, 6, "newer"));
            put(store, row(2, 5, "two"));
            put(store, row(3, 5, "three"));
            remove(store, 3);
            assertThat(store.write(tables -> {
                        tables.putRegister(row(4, 5, "undone"));
                        throw new IllegalStateException("undone");
                    }))
                    .failsWithin(Duration.ofSeconds(30));
            put(store, row(5, 5, "five"));

            assertThat(readBack(root())).isEqualTo(Map.of("key-1", "newer", "key-2", "two", "key-5", "five"));
            checkpoint(store);
            put(store, row(2, 7, "after the checkpoint"));
            assertThat(readBack(root()))
                    .isEqualTo(Map.of("key-1", "newer", "key-2", "after the checkpoint", "key-5", "five"));
        }
        assertThat(notes(root())).isEmpty();
    }

    @Test
    void aPromiseAddsNoValue() throws IOException {
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            put(store, row(1, 5, "a value of some length, so that a second copy of it would be seen"));
            long before = Files.size(newest(root(), ".log"));
            RegisterRow promised = done(store.read(tables -> tables.register(key(1))));
            put(
                    store,
                    new RegisterRow(
                            key(1), new Ballot(9, NODE), promised.accepted(), promised.value(), promised.memory()));

            assertThat(Files.size(newest(root(), ".log")) - before).isEqualTo(JournalEntry.Group.FRAMED_BYTES);
        }
    }

    @Test
    void removingWhatIsNotThereWritesNothing() throws IOException {
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            put(store, row(1, 5, "one"));
            long journal = Files.size(newest(root(), ".log"));
            long database = Files.size(root().resolve("meta.db-wal"));

            remove(store, 2);
            done(store.write(tables -> {
                tables.setAsideRegister(key(3));
                tables.removeIntent(key(1), new VersionId(new UUID(0, 1)));
                return true;
            }));

            assertThat(Files.size(newest(root(), ".log"))).isEqualTo(journal);
            assertThat(Files.size(root().resolve("meta.db-wal"))).isEqualTo(database);
        }
        assertThat(readBack(root())).isEqualTo(Map.of("key-1", "one"));
    }

    @Test
    void fastWritesAreKnownUntilTheyAreDelivered() throws IOException {
        VersionId first = new VersionId(new UUID(0, 1));
        VersionId second = new VersionId(new UUID(0, 2));
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            for (VersionId id : List.of(first, second)) {
                done(store.write(tables -> {
                    tables.putIntent(new IntentRow(key(1), id, new Ballot(5, NODE), new byte[] {7}));
                    return true;
                }));
            }
            checkpoint(store);
            done(store.write(tables -> {
                tables.removeIntent(key(1), first);
                return true;
            }));
        }
        Files.delete(root().resolve("meta.db"));
        try (Remains remains = Remains.open(root(), 0)) {
            assertThat(remains.contents().fastWrites()).containsOnlyKeys(new Remains.FastWrite(key(1), second));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 5, 10})
    void oneFlippedByteOfAnEntryHidesThatEntryAlone(int inIt) throws IOException {
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            for (int i = 1; i < 7; i++) {
                put(store, row(i, 5, "value " + i));
            }
            checkpoint(store);
        }
        Path all = newest(root(), ".all");
        byte[] bytes = Files.readAllBytes(all);
        // They are in the order of their keys: by shard, which is the remainder by 3.
        int length = new JournalEntry.Accepted(key(3), new Ballot(5, NODE), new byte[7]).framed().length;
        bytes[JournalFile.HEADER_BYTES + 2 * length + inIt] ^= 0x10;
        Files.write(all, bytes);

        assertThat(readBack(root())).containsOnlyKeys("key-3", "key-6", "key-4", "key-2", "key-5");
    }

    @Test
    void aTornTailLosesWhatWasTornAndTheNextStartWritesItAgain() throws IOException {
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            put(store, row(1, 5, "one"));
            put(store, row(2, 5, "two"));
        }
        Path log = newest(root(), ".log");
        byte[] whole = Files.readAllBytes(log);
        int second = new JournalEntry.Accepted(key(2), new Ballot(5, NODE), new byte[3]).framed().length
                + JournalEntry.Group.FRAMED_BYTES;
        for (int length = whole.length - 1; length >= 0; length -= 11) {
            Files.write(log, Arrays.copyOf(whole, length));
            Map<String, String> found = readBack(root());
            assertThat(found.entrySet()).isSubsetOf(Map.entry("key-1", "one"), Map.entry("key-2", "two"));
            if (length >= whole.length - second) {
                assertThat(found).as("%d bytes are left", length).containsKey("key-1");
            }
        }

        assertCompletedByTheNextStart(Map.of("key-1", "one", "key-2", "two"));
    }

    /** Also when it is cut short before its checkpoint stands, and something is committed meanwhile. */
    private void assertCompletedByTheNextStart(Map<String, String> expected) throws IOException {
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            await().ignoreExceptions()
                    .untilAsserted(() -> assertThat(readBack(root())).isEqualTo(expected));
            assertThat(store.failed()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 20, 30, 42, 44, 45, 50, 60})
    void aFlippedBitIsNeverTakenForAValueAndIsMendedByTheNextStart(int at) throws IOException {
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            put(store, row(1, 5, "one"));
            put(store, row(2, 5, "two"));
        }
        Path log = newest(root(), ".log");
        byte[] bytes = Files.readAllBytes(log);
        bytes[at] ^= 4;
        Files.write(log, bytes);

        assertThat(readBack(root()).values()).isSubsetOf("one", "two");
        assertThat(notes(root())).anyMatch(note -> note.contains("damaged"));
        assertCompletedByTheNextStart(Map.of("key-1", "one", "key-2", "two"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "create manifests/0000000000000003.log",
                "write manifests/0000000000000003.log",
                "create manifests/0000000000000002.new",
                "write manifests/0000000000000002.new",
                "force manifests/0000000000000002.new",
                "rename manifests/0000000000000002.new",
                "force-dir manifests"
            })
    void aCheckpointThatFailsAtAnyStepLosesNothing(String step) throws IOException {
        RecordingDisk disk = new RecordingDisk(root());
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()), disk)) {
            put(store, row(1, 5, "one"));
            put(store, row(2, 5, "two"));
            remove(store, 2);
            disk.fail(step);
            assertThatThrownBy(() -> checkpoint(store)).isInstanceOf(IOException.class);
            assertThat(readBack(root())).isEqualTo(Map.of("key-1", "one"));
            put(store, row(3, 5, "three"));
            assertThat(readBack(root())).containsEntry("key-1", "one").doesNotContainKey("key-2");

            disk.fail(null);
            checkpoint(store);
            assertThat(readBack(root())).isEqualTo(Map.of("key-1", "one", "key-3", "three"));
            assertThat(store.failed()).isEmpty();
        }
        assertThat(notes(root())).isEmpty();
    }

    @Test
    void aJournalThatCannotBeWrittenFailsNoWriteAndIsMadeCompleteLater() throws IOException {
        RecordingDisk disk = new RecordingDisk(root());
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()), disk)) {
            put(store, row(1, 5, "one"));
            disk.fail("write manifests");
            put(store, row(2, 5, "two"));
            disk.fail(null);
            put(store, row(3, 5, "three"));
            assertThat(readBack(root())).isEqualTo(Map.of("key-1", "one"));
        }
        assertCompletedByTheNextStart(Map.of("key-1", "one", "key-2", "two", "key-3", "three"));
    }

    @Test
    void aSegmentWhoseCheckpointNeverStoodDoesNotCountAsComplete() throws IOException {
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            put(store, row(1, 5, "one"));
            put(store, row(2, 5, "two"));
        }
        // What a kill in the middle of the checkpoint 8 leaves.
        Path last = root().resolve("manifests").resolve(JournalFile.name(9, JournalFile.SEGMENT));
        Files.write(last, new JournalFile.Header(NODE, 9, 8).toBytes());

        assertThat(notes(copyOf(root()))).contains("the manifest journal is not complete");
        assertCompletedByTheNextStart(Map.of("key-1", "one", "key-2", "two"));
    }

    private Path copyOf(Path directory) throws IOException {
        Path copy = Files.createTempDirectory(home, "copy").resolve("data");
        DiskFixture.copy(directory, copy);
        return copy;
    }

    @Test
    void aBackupIsRefusedAsMemory() throws IOException {
        Path backup = home.resolve("backup.db");
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            put(store, row(1, 5, "one"));
            MetadataCopy copy = done(store.copyMetadata(backup));
            assertThat(copy.registers()).isEqualTo(1);
            assertThat(copy.sizeBytes()).isEqualTo(Files.size(backup));
            // A promise is enough: it would be broken.
            put(store, new RegisterRow(key(2), new Ballot(9, NODE), Ballot.ZERO, new byte[0], new byte[0]));
        }
        Files.copy(backup, root().resolve("meta.db"), StandardCopyOption.REPLACE_EXISTING);

        assertThatThrownBy(() -> DiskStore.open(DiskFixture.options(root())))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is a backup")
                .hasMessageContaining("kepler rebuild --from-peers");
        try (Remains remains = Remains.open(backup, 0)) {
            assertThat(remains.contents().registers()).containsOnlyKeys(key(1));
        }
    }

    @Test
    void anOlderDatabaseBesideItIsRefused() throws IOException {
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            put(store, row(1, 5, "one"));
        }
        Path older = Files.copy(root().resolve("meta.db"), home.resolve("older.db"));
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            // A promise is enough: it would be broken.
            put(store, new RegisterRow(key(2), new Ballot(9, NODE), Ballot.ZERO, new byte[0], new byte[0]));
        }
        Files.copy(older, root().resolve("meta.db"), StandardCopyOption.REPLACE_EXISTING);

        assertThatThrownBy(() -> DiskStore.open(DiskFixture.options(root())))
                .hasMessageContaining("is older than the journal")
                .hasMessageContaining("kepler rebuild --from-peers");
    }

    @Test
    void aBackupIsRefusedAlsoWithoutAnyJournalAndSoIsADirectoryWithoutOne() throws IOException {
        Path backup = home.resolve("backup.db");
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            put(store, row(1, 5, "one"));
            done(store.copyMetadata(backup));
        }
        DiskFixture.delete(root().resolve("manifests"));
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> DiskStore.open(DiskFixture.options(root())))
                    .hasMessageContaining("manifests is missing")
                    .hasMessageContaining("kepler rebuild --from-peers");
        }
        Renewal.refuseWhole(root());
        Files.copy(backup, root().resolve("meta.db"), StandardCopyOption.REPLACE_EXISTING);
        Files.createDirectory(root().resolve("manifests"));
        assertThatThrownBy(() -> DiskStore.open(DiskFixture.options(root()))).hasMessageContaining("is a backup");
        Renewal.refuseWhole(root());
    }

    @Test
    void aDirectoryOfAnEarlierReleaseGetsAJournal() throws IOException {
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            put(store, row(1, 5, "one"));
        }
        for (JournalFile file : JournalFile.in(root().resolve("manifests"))) {
            Files.delete(file.path());
        }

        assertCompletedByTheNextStart(Map.of("key-1", "one"));
    }

    private List<String> keysIn(Path directory) throws IOException {
        try (Remains remains = Remains.open(directory, 0)) {
            return remains.contents().registers().keySet().stream()
                    .map(RegisterKey::key)
                    .sorted()
                    .toList();
        }
    }

    @Test
    void whatAWholeDatabaseHasForgottenDoesNotComeBackFromAJournalThatIsBehind() throws IOException {
        RecordingDisk disk = new RecordingDisk(root());
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()), disk)) {
            put(store, row(1, 5, "one"));
            put(store, row(2, 5, "two"));
            disk.fail("write manifests");
            remove(store, 1);
            put(store, row(3, 5, "three"));
        }
        assertThat(keysIn(copyOf(root()))).containsExactly("key-2", "key-3");

        // The node's own secrets are in there too, so a page in the middle is as good as the last.
        Path damaged = copyOf(root());
        byte[] database = Files.readAllBytes(damaged.resolve("meta.db"));
        Arrays.fill(database, 2 * 4096, 3 * 4096, (byte) 0xa5);
        Files.write(damaged.resolve("meta.db"), database);
        assertThat(keysIn(damaged)).contains("key-1", "key-2");
        assertThat(notes(damaged)).anyMatch(note -> note.contains("may come back"));
    }

    @Test
    void whatAWholeJournalHasForgottenDoesNotComeBackFromAnOlderDatabase() throws IOException {
        Path backup = home.resolve("backup.db");
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            put(store, row(1, 5, "one"));
            put(store, row(2, 5, "two"));
            done(store.copyMetadata(backup));
            remove(store, 1);
        }
        Files.copy(backup, root().resolve("meta.db"), StandardCopyOption.REPLACE_EXISTING);

        assertThat(keysIn(root())).containsExactly("key-2");
        assertThat(notes(root())).contains("meta.db is behind the manifest journal");
    }

    @Test
    void oneBackupAtATimeAndClosingEndsIt() throws IOException {
        RecordingDisk disk = new RecordingDisk(root());
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        CompletableFuture<MetadataCopy> first;
        CompletableFuture<Void> closing;
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()), disk)) {
            put(store, row(1, 5, "one"));
            // Asked for by the backup first of all.
            disk.setFreeBytes(() -> {
                if (Thread.currentThread().getName().endsWith("store-backup")) {
                    asked.countDown();
                    Uninterruptibles.awaitUninterruptibly(go);
                }
                return Long.MAX_VALUE;
            });
            first = store.copyMetadata(home.resolve("first"));
            Uninterruptibles.awaitUninterruptibly(asked);
            assertThat(DiskFixture.failure(store.copyMetadata(home.resolve("second"))))
                    .hasMessageContaining("another backup");
            assertThat(done(store.read(tables -> tables.register(key(1)))).value())
                    .isNotEmpty();
            closing = CompletableFuture.runAsync(store::close);
            await().untilAsserted(() -> assertThat(DiskFixture.failure(store.copyMetadata(home.resolve("third"))))
                    .hasMessageContaining("closed"));
            go.countDown();
            done(closing);
        }
        assertThat(DiskFixture.failure(first)).hasMessageContaining("closes");
        assertThat(DiskFixture.namesIn(home)).containsExactly("data");
    }

    @Test
    void aBackupWaitsForRoomAndTheNextOneMayFollow() throws IOException {
        RecordingDisk disk = new RecordingDisk(root());
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()), disk)) {
            disk.setFreeBytes(200L << 20);
            assertThat(DiskFixture.failure(store.copyMetadata(home.resolve("none"))))
                    .hasMessageContaining("the log of meta.db grows");
            disk.setFreeBytes(Long.MAX_VALUE);
            done(store.copyMetadata(home.resolve("first")));
            done(store.copyMetadata(home.resolve("second")));
        }
    }

    @Test
    void aBackupReplacesNothingAndIsKeptOutOfTheDataDirectory() throws IOException {
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            Path there = Files.createFile(home.resolve("there"));
            assertThat(DiskFixture.failure(store.copyMetadata(there))).hasMessageContaining("exists");
            assertThat(DiskFixture.failure(store.copyMetadata(root().resolve("backup"))))
                    .hasMessageContaining("in the data directory");
            assertThat(DiskFixture.failure(store.copyMetadata(home.resolve("none/backup"))))
                    .hasMessageContaining("there is no directory");
            assertThat(DiskFixture.namesIn(home)).containsExactlyInAnyOrder("data", "there");
        }
    }
}
