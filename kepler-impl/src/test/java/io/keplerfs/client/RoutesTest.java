package io.keplerfs.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import okhttp3.HttpUrl;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoutesTest {
    private static final Gateway GATEWAY = new Gateway(HttpUrl.get("http://127.0.0.1:3001/"));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2026/q3.pdf", ".", "..", "a/..", "../a", "a/../b", "a/./b", "./", "/..", "..\n/x", "...", "a//b", "/a",
                        "a/", "/",
                "//", "%2F", "%2e%2e", "%", "+", "a b", " ", "?", "#", "a?b=c&d#e", "ü/€/𝄞", "\\", "a\\..\\b",
                        "\u0000\n\t", ";:@&=$,'"
            })
    void aKeyArrivesExactly(String key) {
        assertThat(keyOf(GATEWAY.at(Routes.file("reports", key)), "/v1/files/reports/"))
                .isEqualTo(key);
        assertThat(keyOf(GATEWAY.at(Routes.owners("reports", key)), "/v1/owners/reports/"))
                .isEqualTo(key);
    }

    @Test
    void anyMixtureOfDotsSlashesAndEscapesArrivesExactly() {
        String alphabet = "../%2eE\\a";
        long seed = 20260102;
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            StringBuilder key = new StringBuilder();
            for (int length = 1 + random.nextInt(8); length > 0; length--) {
                key.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            HttpUrl url = GATEWAY.at(Routes.file("reports", key.toString()));
            assertThat(keyOf(url, "/v1/files/reports/")).as("seed %d", seed).isEqualTo(key.toString());
        }
    }

    @Test
    void anOrdinaryKeyStaysReadable() {
        assertThat(GATEWAY.at(Routes.file("reports", "2026/q3.pdf")))
                .hasToString("http://127.0.0.1:3001/v1/files/reports/2026/q3.pdf");
    }

    @Test
    void namesThatCanNeverBeRightAreRefused() {
        assertThatThrownBy(() -> Routes.file("reports", "")).hasMessageContaining("has 0");
        assertThatThrownBy(() -> Routes.file("reports", "é".repeat(513))).hasMessageContaining("has 1026");
        assertThat(Routes.file("reports", "é".repeat(512))).isNotNull();
        for (String bucket : new String[] {"", "ab", "..", "a/b", "a".repeat(64), "Reports", "-ab", "ab.", "a%b"}) {
            assertThatThrownBy(() -> Routes.bucket(bucket))
                    .as(bucket)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("'" + bucket + "'");
        }
    }

    /** As the gateway reads it: what follows the bucket is decoded, nothing is normalised. */
    private static String keyOf(HttpUrl url, String directory) {
        assertThat(url.encodedPath()).startsWith(directory);
        String inPath = url.encodedPath().substring(directory.length());
        return inPath.isEmpty() ? String.valueOf(url.queryParameter("key")) : PercentCoding.decode(inPath);
    }
}
