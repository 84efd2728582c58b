package io.keplerfs.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LogLimitTest {
    @Test
    void oneLineIsLoggedPerIntervalAndTheNextCountsWhatWasLeftOut() {
        AtomicLong clock = new AtomicLong(-5);
        LogLimit limit = new LogLimit(clock::get);

        assertThat(limit.line("first")).isEqualTo("first");
        assertThat(limit.line("second")).isEmpty();
        assertThat(limit.line("third")).isEmpty();
        clock.addAndGet(Duration.ofSeconds(10).toNanos());
        assertThat(limit.line("fourth")).startsWith("fourth").contains("2");
        assertThat(limit.line("fifth")).isEmpty();
    }
}
