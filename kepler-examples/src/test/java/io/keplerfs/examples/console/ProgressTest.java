package io.keplerfs.examples.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private final List<String> lines = new ArrayList<>();
    private final AtomicLong clock = new AtomicLong();

    @Test
    void aShortCallSaysNothing() {
        try (LineProgress progress = new LineProgress("put x", 100, lines::add, clock::get)) {
            progress.moved(100);
        }

        assertThat(lines).isEmpty();
    }

    @Test
    void aLongCallSaysHowFarHowFastAndHowLongStillEveryFiveSeconds() {
        try (LineProgress progress = new LineProgress("put x", 100_000_000, lines::add, clock::get)) {
            clock.set(TimeUnit.SECONDS.toNanos(5));
            progress.moved(25_000_000);
            progress.moved(1);
            clock.set(TimeUnit.SECONDS.toNanos(10));
            progress.moved(25_000_000);
        }

        assertThat(lines)
                .containsExactly(
                        "put x: 25 % of 100.0 MB, 5.0 MB/s, 15 s left", "put x: 50 % of 100.0 MB, 5.0 MB/s, 10 s left");
    }

    @Test
    void anUnknownLengthIsNotGuessed() {
        try (LineProgress progress = new LineProgress("put -", -1, lines::add, clock::get)) {
            clock.set(TimeUnit.SECONDS.toNanos(6));
            progress.moved(12_000_000);
        }

        assertThat(lines).containsExactly("put -: 12.0 MB, 2.0 MB/s");
    }

    @Test
    void aTerminalGetsABarWithRate() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        try (PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
                BarProgress progress = new BarProgress("put x", 10_000_000, stream, Map.of("COLUMNS", "90"))) {
            progress.moved(10_000_000);
        }

        assertThat(err.toString(StandardCharsets.UTF_8)).contains("put x", "100%", "MB");
    }

    @Test
    void watchingAStreamCountsEveryByteOnce() throws IOException {
        AtomicLong moved = new AtomicLong();
        Progress progress = new Progress() {
            @Override
            public void moved(long bytes) {
                moved.addAndGet(bytes);
            }

            @Override
            public void close() {}
        };

        try (var watched = progress.watch(new ByteArrayInputStream(new byte[1000]))) {
            assertThat(watched.read()).isZero();
            assertThat(watched.readAllBytes()).hasSize(999);
            assertThat(watched.read()).isEqualTo(-1);
        }

        assertThat(moved).hasValue(1000);
    }
}
