package io.keplerfs.examples.content;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContentTest {
    @Test
    void theSameSeedGivesTheSameBytesHoweverTheyAreRead() throws IOException {
        byte[] whole = new SeededStream(7, 20_001).readAllBytes();
        SeededStream piecewise = new SeededStream(7, 20_001);
        ByteArrayOutputStream pieces = new ByteArrayOutputStream();
        pieces.write(piecewise.read());
        pieces.write(piecewise.readNBytes(777));
        piecewise.transferTo(pieces);

        assertThat(pieces.toByteArray()).isEqualTo(whole).hasSize(20_001);
        assertThat(piecewise.read()).isEqualTo(-1);
        assertThat(new SeededStream(8, 20_001).readAllBytes()).isNotEqualTo(whole);
    }

    @Test
    void seededBytesCannotBeCompressed() throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (DeflaterOutputStream deflater = new DeflaterOutputStream(packed)) {
            new SeededStream(1, 100_000).transferTo(deflater);
        }

        assertThat(packed.size()).isGreaterThan(100_000);
    }

    @Test
    void hashesAreTheKnownOnes() throws IOException {
        assertThat(Sha256.of(new ByteArrayInputStream("abc".getBytes(StandardCharsets.UTF_8))))
                .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    @Test
    void aTemporaryGroundIsRemovedAndAGivenOneIsKept(@TempDir Path directory) throws IOException {
        Path temporary;
        try (Ground ground = Ground.at("kepler-test-", Optional.empty())) {
            temporary = ground.path();
            Files.writeString(Files.createDirectories(temporary.resolve("a/b")).resolve("c"), "x");
        }
        try (Ground ground = Ground.at("kepler-test-", Optional.of(directory.resolve("kept")))) {
            Files.writeString(ground.path().resolve("c"), "x");
        }

        assertThat(temporary).doesNotExist();
        assertThat(directory.resolve("kept/c")).exists();
    }
}
