package io.keplerfs.values;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.UUID;
import org.junit.jupiter.api.Test;

class VersionIdTest {
    @Test
    void aTimeIsReadBackAndTheIdIsAUuidOfVersion8() {
        long millis = 1_795_000_000_123L;

        VersionId id = VersionId.notBefore(millis, -1);

        assertThat(id.notBeforeMillis()).hasValue(millis);
        assertThat(id.uuid().version()).isEqualTo(8);
        assertThat(id.uuid().variant()).isEqualTo(2);
        assertThat(VersionId.parse(id.toString())).isEqualTo(id);
        assertThat(VersionId.notBefore(millis, 1)).isNotEqualTo(id);
    }

    @Test
    void theFormatStays() {
        assertThat(VersionId.notBefore(0x0123456789abL, 0x5555_5555_5555_5555L))
                .hasToString("0123456789ab84b99555555555555555");
    }

    @Test
    void otherIdsBearNoTime() {
        for (int i = 0; i < 1_000; i++) {
            assertThat(new VersionId(UUID.randomUUID()).notBeforeMillis()).isEmpty();
        }
        assertThat(new VersionId(new UUID(0, 0)).notBeforeMillis()).isEmpty();
        assertThat(VersionId.parse("0123456789abcdef0123456789abcdef").notBeforeMillis())
                .isEmpty();
    }

    @Test
    void aTimeThatDoesNotFitIsRefused() {
        assertThatThrownBy(() -> VersionId.notBefore(-1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> VersionId.notBefore(1L << 48, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("281474976710656");
    }
}
