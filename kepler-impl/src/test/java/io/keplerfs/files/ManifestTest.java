package io.keplerfs.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.register.Change;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.values.VersionId;
import io.keplerfs.wire.MalformedMessageException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ManifestTest {
    private static final VersionId UPLOAD = new VersionId(new UUID(1, 2));

    private static RegisterValue value(byte[] payload, boolean absent) {
        return new RegisterValue(new VersionId(new UUID(3, 4)), 5, List.of(), 0, absent, payload);
    }

    private static List<Manifest.Content> contents() {
        return List.of(
                new Manifest.Inline(new byte[] {1, 2, 3}),
                new Manifest.Chunks(4 << 20, new byte[64]),
                new Manifest.Tree(4 << 20, 8192, new byte[96]));
    }

    @Test
    void isReadBackAsItWasWritten() {
        for (Manifest.Content content : contents()) {
            Manifest manifest =
                    new Manifest(UPLOAD, 77, OptionalLong.of(9), 11, "text/plain", Map.of("a", "1", "b", "ü"), content);

            Manifest read = Manifest.of(value(manifest.toBytes(), false));

            assertThat(read).usingRecursiveComparison().isEqualTo(manifest);
        }
    }

    @Test
    void aTombstoneKeepsTheToken() {
        assertThat(Manifest.tokenOf(value(Manifest.tombstone(OptionalLong.of(7)), true)))
                .hasValue(7);
        assertThat(Manifest.tokenOf(value(Manifest.tombstone(OptionalLong.empty()), true)))
                .isEmpty();
        assertThat(Manifest.tokenOf(RegisterValue.NONE)).isEmpty();
    }

    @Test
    void aFastWriteKeepsTheTimeOfItsOriginWhenItIsDeliveredLater() {
        Manifest plain = new Manifest(
                UPLOAD,
                3,
                OptionalLong.empty(),
                0,
                "text/plain",
                Map.of(),
                contents().get(0));
        byte[] fast =
                Manifest.stamped(new Change.Write(plain.toBytes(), false), 4).payload();
        byte[] gone = Manifest.stamped(new Change.Write(Manifest.tombstone(OptionalLong.of(7)), true), 4)
                .payload();

        assertThat(Manifest.stampOf(value(plain.toBytes(), false))).isEqualTo(5);
        assertThat(Manifest.stampOf(value(fast, false))).isEqualTo(4);
        assertThat(Manifest.stampOf(value(gone, true))).isEqualTo(4);
        assertThat(Manifest.tokenOf(value(gone, true))).hasValue(7);
        assertThat(Manifest.stampOf(RegisterValue.NONE)).isZero();
        assertThat(Manifest.follows(value(plain.toBytes(), false), value(fast, false)))
                .isTrue();
        assertThat(Manifest.follows(value(fast, false), value(gone, true))).isFalse();
        assertThat(Manifest.follows(value(fast, false), RegisterValue.NONE)).isTrue();
    }

    @Test
    void damagedBytesAreMalformedAndNothingElse() {
        Random random = new Random(42);
        for (Manifest.Content content : contents()) {
            byte[] good =
                    new Manifest(UPLOAD, 77, OptionalLong.of(9), 11, "text/plain", Map.of("a", "1"), content).toBytes();
            for (int i = 0; i < 20_000; i++) {
                byte[] bad = Arrays.copyOf(good, random.nextInt(good.length + 1));
                for (int flips = random.nextInt(3); flips >= 0 && bad.length > 0; flips--) {
                    bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
                }
                try {
                    Manifest.of(value(bad, false));
                } catch (MalformedMessageException expected) {
                    continue;
                }
            }
        }
        assertThatThrownBy(() -> Manifest.of(value(new byte[] {2}, false)))
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining("format 2");
    }
}
