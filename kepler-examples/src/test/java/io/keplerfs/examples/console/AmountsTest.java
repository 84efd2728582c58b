package io.keplerfs.examples.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AmountsTest {
    @ParameterizedTest
    @CsvSource({"-1,-", "0,0 B", "999,999 B", "1000,1.0 kB", "999949,999.9 kB", "999950,1.0 MB", "4200000000,4.2 GB"})
    void sizesHaveTheUnitThatReadsBest(long bytes, String text) {
        assertThat(Amounts.bytes(bytes)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"400000000,0.4 s", "12000000000,12 s", "200000000000,3 min 20 s"})
    void timesAreRounded(long nanos, String text) {
        assertThat(Amounts.seconds(nanos)).isEqualTo(text);
    }

    @Test
    void noTimeIsNoRate() {
        assertThat(Amounts.megabytesPerSecond(5, 0)).isZero();
        assertThat(Amounts.rate(50_000_000, 2_000_000_000L)).isEqualTo("25.0 MB/s");
    }

    @Test
    void tablesAlignTextLeftAndNumbersRight() {
        Table table = new Table("NODE", "CHUNKS").row("a", "5").row("long-name", "1200");

        assertThat(table).hasToString("NODE       CHUNKS\na               5\nlong-name    1200");
        assertThatThrownBy(() -> table.row("one")).hasMessageContaining("1 cells");
    }
}
