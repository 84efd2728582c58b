package io.keplerfs.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PercentCodingTest {
    @ParameterizedTest
    @EnumSource
    void everyCharacterComesBackAsItWas(PercentCoding coding) {
        StringBuilder all = new StringBuilder();
        for (int character = 0; character < 0x300; character++) {
            all.appendCodePoint(character);
        }
        all.append("\uFFFF€𝄞 ");

        String encoded = coding.encode(all.toString());

        assertThat(encoded).matches("[ -~]*");
        assertThat(PercentCoding.decode(encoded)).isEqualTo(all.toString());
    }

    @Test
    void plainTextStaysReadable() {
        assertThat(PercentCoding.PATH.encode("2026/q3_final-v1.2~.pdf")).isEqualTo("2026/q3_final-v1.2~.pdf");
        assertThat(PercentCoding.COMPONENT.encode("a/b+c")).isEqualTo("a%2Fb%2Bc");
        assertThat(PercentCoding.HEADER_VALUE.encode(" Ada, \"Countess\" 100% "))
                .isEqualTo("%20Ada, \"Countess\" 100%25%20");
        assertThat(PercentCoding.HEADER_NAME.encode("naïve:name")).isEqualTo("na%C3%AFve%3Aname");
    }

    @Test
    void halfASurrogatePairIsRefusedInsteadOfBecomingAQuestionMark() {
        assertThatThrownBy(() -> PercentCoding.PATH.encode("a\uD834b"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("surrogate");
    }

    @Test
    void brokenEscapesAreRefused() {
        for (String broken : new String[] {"%", "a%2", "%G0", "%0x", "%ff"}) {
            assertThatThrownBy(() -> PercentCoding.decode(broken))
                    .as(broken)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(broken);
        }
    }
}
