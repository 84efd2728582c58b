package io.keplerfs.disk;

import static io.keplerfs.disk.DiskFixture.done;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A directory without its memory becomes another member's, and keeps what can be proven. */
class RenewalTest {
    @TempDir
    private Path home;

    private Path root() {
        return home.resolve("data");
    }

    private static Renewal renewal(Disk disk) {
        return new Renewal(
                work -> {
                    Thread thread = new Thread(work);
                    thread.setDaemon(true);
                    return thread;
                },
                UUID::randomUUID,
                () -> DiskFixture.NOON,
                disk);
    }

    @Test
    void goodChunksStayBadOnesAreQuarantinedAndTheIdIsNew() throws IOException {
        ChunkId good;
        ChunkId bad;
        NodeId old;
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            good = DiskFixture.stored(store, DiskFixture.randomBytes(1_000, 1));
            bad = DiskFixture.stored(store, DiskFixture.randomBytes(1_000, 2));
            old = store.nodeId();
        }
        Files.delete(root().resolve("meta.db"));
        Files.write(root().resolve("quarantine").resolve("somebody-looks-at-it"), new byte[] {1});
        Files.write(DiskFixture.fileOf(root(), bad), DiskFixture.randomBytes(1_000, 3));
        assertThatThrownBy(() -> DiskStore.open(DiskFixture.options(root())))
                .hasMessageContaining("kepler rebuild --from-peers");

        Renewal.Renewed renewed = renewal(new FileDisk(false)).renew(root(), part -> {});

        assertThat(renewed.from()).isEqualTo(old);
        assertThat(renewed.to()).isNotEqualTo(old);
        assertThat(renewed.adopted().chunks()).isEqualTo(1);
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            assertThat(store.nodeId()).isEqualTo(renewed.to());
            assertThat(done(DiskFixture.readAll(store, good, 1_000, true)).array())
                    .isEqualTo(DiskFixture.randomBytes(1_000, 1));
            assertThat(DiskFixture.row(store, bad)).isEmpty();
            OptionalLong since = done(store.read(tables -> tables.unreferencedSince(good)));
            assertThat(since)
                    .as("the hour before it may be collected begins now")
                    .hasValue(DiskFixture.NOON);
        }
        assertThat(DiskFixture.namesIn(root().resolve("quarantine")))
                .contains(bad.toString())
                .doesNotContain("somebody-looks-at-it");
        assertThat(renewed.aside().resolve("quarantine").resolve("somebody-looks-at-it"))
                .exists();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mkdir lost",
                "rename meta.db",
                "rename manifests",
                "rename quarantine",
                "create node.json.tmp",
                "force node.json.tmp",
                "rename node.json"
            })
    void cutShortBeforeItsLastStepNoNodeStartsAndTheNextTryGoesOn(String step) throws IOException {
        ChunkId chunk;
        NodeId old;
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            chunk = DiskFixture.stored(store, DiskFixture.randomBytes(1_000, 1));
            old = store.nodeId();
        }
        RecordingDisk disk = new RecordingDisk(root());
        disk.fail(step);
        assertThatThrownBy(() -> renewal(disk).renew(root(), part -> {})).isInstanceOf(IOException.class);

        if (Files.exists(root().resolve("meta.db"))) {
            try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
                assertThat(store.nodeId()).as("nothing has happened yet").isEqualTo(old);
            }
        } else {
            assertThatThrownBy(() -> DiskStore.open(DiskFixture.options(root())))
                    .hasMessageContaining("lost its memory");
        }
        disk.fail(null);
        Renewal.Renewed renewed = renewal(disk).renew(root(), part -> {});
        assertThat(renewed.to()).isNotEqualTo(old);
        assertThat(DiskFixture.fileOf(root(), chunk)).exists();
        assertThat(renewed.adopted().chunks()).isEqualTo(1);
    }

    @Test
    void aDirectoryThatHasAllItsMemoryIsRefused() throws IOException {
        DiskStore.open(DiskFixture.options(root())).close();

        assertThatThrownBy(() -> Renewal.refuseWhole(root())).hasMessageContaining("is whole: start the node as it is");

        Files.write(root().resolve("meta.db"), DiskFixture.randomBytes(5_000, 1));
        Renewal.refuseWhole(root());
        Files.delete(root().resolve("meta.db"));
        Renewal.refuseWhole(root());
    }
}
