package io.keplerfs.sim.whole;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Some seeds of {@link WholeSimulation}; {@link WholeNodeFigures} runs many. One seed again, with its story: {@code -Dseed=4711}. */
class WholeNodeTest {
    private static final long SEEDS = Long.getLong("seeds", 20);
    private static final long SEED = Long.getLong("seed", -1);
    private static final Duration LENGTH = Duration.ofSeconds(Long.getLong("seconds", 40));
    private static final long SEEDS_TO_FIND_A_FLAW = 20;

    @Test
    void nothingAcknowledgedIsLostWhateverFails() {
        WholeRuns runs = new WholeRuns();
        WholeRuns.quietly(() -> {
            for (long seed = SEED >= 0 ? SEED : 0; seed < (SEED >= 0 ? SEED + 1 : SEEDS); seed++) {
                runs.run(seed, LENGTH, SEED >= 0);
            }
        });
        runs.print();

        assertThat(runs.failures()).isEmpty();
    }

    @Test
    void theSameSeedGivesTheSameRun() {
        long[] sums = new long[2];
        WholeRuns.quietly(() -> {
            for (int run = 0; run < 2; run++) {
                WholeSimulation simulation = new WholeSimulation(8, Duration.ofSeconds(20), Flaw.NONE);
                simulation.run();
                sums[run] = simulation.trace().sum();
            }
        });

        assertThat(sums[0]).isNotZero().isEqualTo(sums[1]);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void aPlantedFlawIsFound(Flaw flaw) {
        long[] seed = {0};
        List<List<String>> found = new java.util.ArrayList<>();
        WholeRuns.quietly(() -> {
            while (found.isEmpty() && seed[0] < SEEDS_TO_FIND_A_FLAW) {
                List<String> violations = new WholeSimulation(seed[0]++, LENGTH, flaw).run();
                if (!violations.isEmpty()) {
                    found.add(violations);
                }
            }
        });

        assertThat(found).as("%s not found in %d seeds", flaw, seed[0]).isNotEmpty();
        System.out.println(flaw + " found after seeds: " + seed[0] + ", "
                + found.get(0).get(0).lines().findFirst().orElse(""));
    }
}
