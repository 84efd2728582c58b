package io.keplerfs.disk;

import static io.keplerfs.disk.DiskFixture.done;
import static io.keplerfs.disk.DiskFixture.idOf;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.ChunkRow.State;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.VersionId;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A data directory of the first schema opens, and goes on as what it was. */
class OldDirectoryTest {
    private static final ChunkId NEEDED = idOf("needed".getBytes(UTF_8));
    private static final ChunkId UNNEEDED = idOf("unneeded".getBytes(UTF_8));
    private static final ChunkId COLLECTED = idOf("collected".getBytes(UTF_8));

    @TempDir
    private Path parent;

    private Path root;

    @BeforeEach
    void copyTheFixture() throws IOException, URISyntaxException {
        root = parent.resolve("data");
        DiskFixture.copy(
                Path.of(Objects.requireNonNull(getClass().getResource("/data-directories/schema-1"))
                        .toURI()),
                root);
    }

    @Test
    void whatWasReferencedIsLookedIntoSoonAndWhatWasNotMayBeCollected() throws IOException {
        try (Store store = DiskStore.open(DiskFixture.options(root))) {
            List<Reference> references = done(store.read(tables -> tables.references(NEEDED)));
            Pin pin = new Pin(new VersionId(new UUID(0x0001020304050607L, 0x08090a0b0c0d0e0fL)), "photos", "cat");
            assertThat(references).containsExactly(new Reference(NEEDED, pin, Reference.State.INTENT, 1));
            OptionalLong needed = done(store.read(tables -> tables.unreferencedSince(NEEDED)));
            OptionalLong unneeded = done(store.read(tables -> tables.unreferencedSince(UNNEEDED)));
            assertThat(needed).isEmpty();
            assertThat(unneeded).hasValue(1);
            assertThat(done(store.collect(List.of(NEEDED, UNNEEDED)))).isEqualTo(1);
            assertThat(DiskFixture.row(store, COLLECTED).orElseThrow().state()).isEqualTo(State.TRASH);
            assertThat(done(store.restore(COLLECTED))).isTrue();
            assertThat(done(DiskFixture.readAll(store, COLLECTED, 9, true)).array())
                    .isEqualTo("collected".getBytes(UTF_8));
        }
        assertThat(Files.exists(root.resolve("trash").resolve(UNNEEDED.toString())))
                .isTrue();
    }
}
