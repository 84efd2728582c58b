package io.keplerfs.sim.whole;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Some seeds of {@link WholeSimulation}. One seed again, with its story: {@code -Dseed=4711}. */
class WholeNodeTest {
    private static final long SEEDS = Long.getLong("seeds", 30);
    private static final long SEED = Long.getLong("seed", -1);
    private static final Duration LENGTH = Duration.ofSeconds(Long.getLong("seconds", 60));

    @Test
    void nothingAcknowledgedIsLostWhateverFails() {
        for (long seed = SEED >= 0 ? SEED : 0; seed < (SEED >= 0 ? SEED + 1 : SEEDS); seed++) {
            long began = System.nanoTime();
            WholeSimulation simulation = new WholeSimulation(seed, LENGTH, Flaw.NONE);
            List<String> violations = simulation.run();
            System.out.println("seed " + seed + " " + (System.nanoTime() - began) / 1_000_000 + " ms, virtual "
                    + simulation.loop().nowNanos() / 1_000_000_000 + " s, " + simulation.wires().messages + " messages, "
                    + simulation.outcomes() + simulation.trouble().counts() + " epochs " + simulation.epochs());
            if (SEED < 0 && Boolean.getBoolean("survey")) {
                violations.forEach(what -> System.out.println("  !! " + what));
                continue;
            }
            assertThat(violations)
                    .as(
                            "seed %d; replay with -Dtest=WholeNodeTest -Dseed=%d -Dseconds=%d%n%s",
                            seed,
                            seed,
                            LENGTH.toSeconds(),
                            String.join("\n", simulation.trace().tail()))
                    .isEmpty();
        }
    }
}
