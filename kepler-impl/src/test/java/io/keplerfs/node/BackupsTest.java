package io.keplerfs.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.InvalidRequestException;
import io.keplerfs.KeplerNode;
import io.keplerfs.KeplerOptions;
import io.keplerfs.MetadataBackup;
import io.keplerfs.UnavailableException;
import io.keplerfs.memory.MemoryStore;
import io.keplerfs.values.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A backup of the metadata of a running node. */
class BackupsTest {
    @TempDir
    private Path home;

    @Test
    void aRunningNodeWritesACopyAndNeverReplacesOne() throws IOException {
        KeplerOptions options = KeplerOptions.local("solo", home.resolve("data"))
                .httpPort(KeplerOptions.NO_HTTP)
                .build();
        try (KeplerNode node = KeplerNode.start(options)) {
            node.cluster().createBucket("photos").put("a", new byte[] {1, 2, 3});
            Path file = home.resolve("backup.db");

            MetadataBackup backup = node.backup(file);

            assertThat(backup.registers()).isPositive();
            assertThat(Files.size(backup.file())).isEqualTo(backup.sizeBytes());
            assertThatThrownBy(() -> node.backup(file))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("exists")
                    .hasCauseInstanceOf(InvalidRequestException.class);
        }
    }

    @Test
    void aNodeWithoutADirectorySaysSo() {
        try (MemoryStore store = new MemoryStore(new NodeId(new UUID(1, 1)), Runnable::run)) {
            assertThatThrownBy(() -> new Backups(store).now(home.resolve("backup.db")))
                    .hasCauseInstanceOf(UnavailableException.class)
                    .hasMessageContaining("does not keep its metadata in a data directory");
        }
    }
}
