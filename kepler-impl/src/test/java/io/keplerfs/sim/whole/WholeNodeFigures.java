package io.keplerfs.sim.whole;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.sim.Figure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Many seeds: {@code mvn -Psim test -Dtest=WholeNodeFigures -Dseeds=500 -Dminutes=10}. */
class WholeNodeFigures {
    private static final long FIRST = Long.getLong("seed", 0);
    private static final long SEEDS = Long.getLong("seeds", 500);
    private static final Duration LENGTH = Duration.ofMinutes(Long.getLong("minutes", 10));
    /** So many runs, short ones, are made twice and compared. */
    private static final int TWICE = 50;

    private static final Duration SHORT = Duration.ofSeconds(15);

    @Test
    void manySeedsLoseNothing() {
        WholeRuns runs = new WholeRuns();
        WholeRuns.quietly(() -> {
            for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
                runs.run(seed, LENGTH, false);
            }
        });
        runs.print();

        assertThat(runs.failures()).isEmpty();
    }

    @Test
    void everySeedGivesTheSameRunAgain() {
        List<Long> differing = new ArrayList<>();
        WholeRuns.quietly(() -> {
            for (long seed = FIRST; seed < FIRST + TWICE; seed++) {
                if (sumOf(seed) != sumOf(seed)) {
                    differing.add(seed);
                }
            }
        });
        Figure.print("whole.seeds_run_twice", TWICE);
        Figure.print("whole.seeds_that_differ_when_run_twice", differing.size());

        assertThat(differing).as("seeds %d to %d", FIRST, FIRST + TWICE - 1).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void everyPlantedFlawIsFound(Flaw flaw) {
        WholeRuns.quietly(() -> {
            int seeds = WholeRuns.seedsToFind(flaw, SEEDS, Duration.ofMinutes(1));
            Figure.print("whole.seeds_to_find." + flaw.name().toLowerCase(java.util.Locale.ROOT), seeds);
            assertThat(seeds).isPositive();
        });
    }

    private static long sumOf(long seed) {
        WholeSimulation simulation = new WholeSimulation(seed, SHORT, Flaw.NONE);
        simulation.run();
        return simulation.trace().sum();
    }
}
