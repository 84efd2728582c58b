package io.keplerfs.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which directories a store adopts, and what it says to the others. */
class DataDirectoryTest {
    @TempDir
    private Path temporary;

    private Path root() {
        return temporary.resolve("data");
    }

    private NodeId openAndClose() throws IOException {
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            return store.nodeId();
        }
    }

    private void isRefused(String... words) {
        assertThatIOException()
                .isThrownBy(this::openAndClose)
                .satisfies(refusal -> assertThat(refusal.getMessage()).contains(words));
    }

    @Test
    void theNodeKeepsItsIdForTheLifeOfTheDirectory() throws IOException {
        assertThat(openAndClose()).isEqualTo(openAndClose());
    }

    @Test
    void nodeJsonIsReadableAndSaysWhoseTheDirectoryIs() throws IOException {
        NodeId id = openAndClose();

        assertThat(Files.readString(root().resolve("node.json"))).isEqualTo("""
                        {
                          "format": 1,
                          "nodeId": "%s",
                          "label": "node-a",
                          "createdMillis": 1767268800000
                        }
                        """.formatted(id));
    }

    @Test
    void aSecondStoreInThisProcessIsToldWhoHoldsTheDirectoryAndDisturbsNobody() throws IOException {
        try (DiskStore first = DiskStore.open(DiskFixture.options(root()))) {
            String holder =
                    "in use by process " + ProcessHandle.current().pid() + " (node-a, since 2026-01-01T12:00:00Z)";
            isRefused(root().toString(), holder);
            isRefused(holder);
            assertThat(Files.readString(root().resolve("lock"))).contains("node-a");
            assertThat(DiskFixture.setting(first, "none")).isEmpty();
        }
        openAndClose();
    }

    @Test
    void aDirectoryFoundThroughALinkIsTheSameDirectory() throws IOException {
        try (DiskStore first = DiskStore.open(DiskFixture.options(root()))) {
            Path link = Files.createSymbolicLink(temporary.resolve("link"), root());

            assertThatIOException()
                    .isThrownBy(() -> DiskStore.open(DiskFixture.options(link)))
                    .withMessageContaining("in use by process");
            assertThat(first.failed()).isEmpty();
        }
    }

    @Test
    void aDirectoryOfAnotherNodeIsRefused() throws IOException {
        openAndClose();

        assertThatIOException()
                .isThrownBy(() -> DiskStore.open(DiskFixture.options(root(), "node-b", () -> 0)))
                .withMessageContaining("belongs to node 'node-a', this is node 'node-b'");
        openAndClose();
    }

    @Test
    void aDirectoryOfANewerReleaseIsRefused() throws IOException {
        openAndClose();
        Path file = root().resolve("node.json");
        Files.writeString(file, Files.readString(file).replace("\"format\": 1", "\"format\": 2"));

        isRefused("has format 2", "up to 1", "use a release");
    }

    @Test
    void metadataOfANewerReleaseIsRefused() throws IOException {
        try (DiskStore store = DiskStore.open(DiskFixture.options(root()))) {
            DiskFixture.done(store.write(transaction -> {
                ((SqlTransaction) transaction).changing().sql().update("PRAGMA user_version = 99");
                return true;
            }));
        }

        isRefused("schema 99", "use a release");
    }

    @Test
    void aDirectoryWithOtherPeoplesFilesIsRefusedAndNotTouched() throws IOException {
        Files.createDirectories(root());
        Files.writeString(root().resolve("thesis.tex"), "years of work");

        isRefused("is not ours", "thesis.tex", "choose an empty directory");
        assertThat(DiskFixture.namesIn(root())).containsExactly("thesis.tex");
    }

    @Test
    void aDirectoryThatLostItsNodeJsonIsRefused() throws IOException {
        openAndClose();
        Files.delete(root().resolve("node.json"));

        isRefused("is not ours", "restore node.json");
    }

    @Test
    void aDirectoryThatLostItsMetadataIsRefused() throws IOException {
        openAndClose();
        Files.delete(root().resolve("meta.db"));

        isRefused("meta.db is missing", "lost its memory");
    }

    @Test
    void aFreshFileSystemCountsAsEmpty() throws IOException {
        Files.createDirectories(root().resolve("lost+found"));

        openAndClose();
    }

    @Test
    void aBirthCutShortAtAnyStepIsBegunAnew() throws IOException {
        for (String step : Stream.of("mkdir chunks", "mkdir quarantine", "rename node.json.tmp")
                .toList()) {
            Path root = temporary.resolve(step.replace(' ', '-'));
            RecordingDisk dying = new RecordingDisk(root);
            dying.fail(step);
            assertThatIOException().isThrownBy(() -> DiskStore.open(DiskFixture.options(root), dying));

            try (DiskStore store = DiskStore.open(DiskFixture.options(root))) {
                assertThat(store.usage().chunks()).isZero();
            }
        }
    }

    @Test
    void aDamagedNodeJsonIsRefused() throws IOException {
        openAndClose();
        for (String damage : new String[] {"", "{", "{}", "[]", "{\"format\": 1, \"nodeId\": \"x\"}"}) {
            Files.writeString(root().resolve("node.json"), damage);
            isRefused("node.json is damaged", "restore it");
        }
        Files.write(root().resolve("node.json"), new byte[] {(byte) 0xff, 0});
        isRefused("node.json is damaged");
    }

    @Test
    void aFileInTheWayOfADirectoryIsNamed() throws IOException {
        Files.writeString(root(), "a file");
        isRefused(root() + " is a file");
        Files.delete(root());

        openAndClose();
        Files.delete(root().resolve("trash"));
        Files.writeString(root().resolve("trash"), "a file");
        isRefused("trash is a file where a directory is needed");
    }

    @Test
    void aDirectoryThatCannotBeWrittenIsNamed() throws IOException {
        assumeFalse("root".equals(System.getProperty("user.name")), "root may write everywhere");
        Files.createDirectories(root());
        Files.setPosixFilePermissions(root(), PosixFilePermissions.fromString("r-xr-xr-x"));

        isRefused("is not writable for user", root().toString());
    }

    @Test
    void halfWrittenFilesVanishAtStart() throws IOException {
        openAndClose();
        Path leftover = Files.writeString(root().resolve("tmp").resolve("ab".repeat(32)), "half");

        openAndClose();

        assertThat(leftover).doesNotExist();
    }
}
