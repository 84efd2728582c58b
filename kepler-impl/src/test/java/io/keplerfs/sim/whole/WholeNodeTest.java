package io.keplerfs.sim.whole;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Some seeds of {@link WholeSimulation}; {@link WholeNodeFigures} runs many. One seed again, with its story: {@code -Dseed=4711}. */
class WholeNodeTest {
    private static final long SEEDS = Long.getLong("seeds", 4);
    private static final long SEED = Long.getLong("seed", -1);
    private static final Duration LENGTH = Duration.ofSeconds(Long.getLong("seconds", 20));
    private static final long SEEDS_TO_FIND_A_FLAW = 10;

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

    /** A fast write that was overwritten here while its upload was renewed was renewed for ever, and everything behind it waited. */
    @Test
    void aFastWriteThatIsOverwrittenDuringItsRenewalHoldsNothingUp() {
        WholeRuns.quietly(() -> assertThat(new WholeSimulation(15, Duration.ofSeconds(15), Flaw.NONE).run())
                .isEmpty());
    }

    @Test
    void theSameSeedGivesTheSameRun() {
        long[] sums = new long[2];
        WholeRuns.quietly(() -> {
            for (int run = 0; run < 2; run++) {
                WholeSimulation simulation = new WholeSimulation(8, Duration.ofSeconds(10), Flaw.NONE);
                simulation.run();
                sums[run] = simulation.trace().sum();
            }
        });

        assertThat(sums[0]).isNotZero().isEqualTo(sums[1]);
    }

    /** All of them are tried by {@link WholeNodeFigures}; these are found soon. */
    @ParameterizedTest
    @EnumSource(names = {"PIN_SAYS_HAVE", "INTENT_REMOVED_EARLY"})
    void aPlantedFlawIsFound(Flaw flaw) {
        WholeRuns.quietly(() -> assertThat(WholeRuns.seedsToFind(flaw, SEEDS_TO_FIND_A_FLAW, LENGTH))
                .as("seeds until %s is found", flaw)
                .isPositive());
    }
}
