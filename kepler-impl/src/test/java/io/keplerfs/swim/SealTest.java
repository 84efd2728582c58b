package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.wire.MalformedMessageException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import org.junit.jupiter.api.Test;

class SealTest {
    private static final byte[] LETTER = "node-7 is alive".getBytes(StandardCharsets.UTF_8);

    private final SecureRandom nonces = new SecureRandom();
    private final Seal ours = new Seal("correct horse battery", nonces);
    private final Seal none = new Seal("", nonces);

    @Test
    void whoKnowsTheSecretReadsIt() throws Exception {
        byte[] closed = ours.close(LETTER);

        assertThat(new Seal("correct horse battery", nonces).open(closed)).isEqualTo(LETTER);
        assertThat(closed).hasSize(LETTER.length + Seal.OVERHEAD_BYTES);
        assertThat(new String(closed, StandardCharsets.ISO_8859_1)).doesNotContain("node-7");
        assertThat(none.open(none.close(LETTER))).isEqualTo(LETTER);
    }

    @Test
    void noTwoSealsAreAlike() {
        assertThat(ours.close(LETTER)).isNotEqualTo(ours.close(LETTER));
    }

    @Test
    void anotherSecretOrNoneIsRefused() {
        for (int i = 0; i < 1000; i++) {
            // So many that some have the same key id as ours.
            byte[] closed = new Seal("secret number " + i, nonces).close(LETTER);
            assertThatThrownBy(() -> ours.open(closed)).isInstanceOf(Seal.BrokenSealException.class);
        }
        assertThatThrownBy(() -> ours.open(none.close(LETTER))).isInstanceOf(Seal.BrokenSealException.class);
        assertThatThrownBy(() -> none.open(ours.close(LETTER))).isInstanceOf(Seal.BrokenSealException.class);
    }

    @Test
    void everyChangedBitBreaksIt() {
        byte[] closed = ours.close(LETTER);
        for (int bit = 0; bit < closed.length * 8; bit++) {
            byte[] forged = closed.clone();
            forged[bit / 8] ^= (byte) (1 << bit % 8);

            assertThatThrownBy(() -> ours.open(forged))
                    .isInstanceOfAny(Seal.BrokenSealException.class, MalformedMessageException.class);
        }
    }

    @Test
    void everyShorterPieceIsRefused() {
        byte[] closed = ours.close(LETTER);
        for (int length = 0; length < closed.length; length++) {
            byte[] piece = java.util.Arrays.copyOf(closed, length);

            assertThatThrownBy(() -> ours.open(piece))
                    .isInstanceOfAny(Seal.BrokenSealException.class, MalformedMessageException.class);
        }
    }
}
