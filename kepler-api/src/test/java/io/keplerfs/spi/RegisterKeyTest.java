package io.keplerfs.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class RegisterKeyTest {
    @Test
    void keysAreComparedByTheirUtf8Bytes() {
        List<String> parts =
                List.of("", "\u0000", "a", "b", "é", "\uD7FF", "\uE000", "\uFFFF", "\uD83D\uDE00", "\uDBFF\uDFFF");
        List<String> keys = parts.stream()
                .flatMap(a -> parts.stream().map(b -> a + b))
                .distinct()
                .toList();
        for (String a : keys) {
            for (String b : keys) {
                int byBytes =
                        Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
                assertThat(Integer.signum(RegisterKey.compareKeys(a, b)))
                        .as("%s and %s", a, b)
                        .isEqualTo(Integer.signum(byBytes));
            }
        }
    }
}
