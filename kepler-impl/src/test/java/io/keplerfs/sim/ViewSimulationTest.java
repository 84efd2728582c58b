package io.keplerfs.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.sim.History.Result;
import io.keplerfs.sim.ViewNode.Slip;
import io.keplerfs.sim.ViewSimulation.Extent;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The production views, sync, proposer and registers in {@link ViewSimulation}. More seeds: {@code -Dseeds=2000}. One seed again,
 * with its story printed: {@code -Dseed=4711}.
 */
class ViewSimulationTest {
    private static final long SEEDS = Long.getLong("seeds", 50);
    private static final long SEED = Long.getLong("seed", -1);
    private static final long SEEDS_TO_FIND_A_BUG = 150;

    @Test
    void ownershipMovesWithoutLosingWritesHoweverNodesComeAndFail() {
        long epochs = 0;
        long done = 0;
        long evictions = 0;
        long minorities = 0;
        for (long seed = SEED >= 0 ? SEED : 0; seed < (SEED >= 0 ? SEED + 1 : SEEDS); seed++) {
            ViewSimulation simulation = new ViewSimulation(seed, Slip.NONE);
            List<String> violations = simulation.run();
            if (SEED >= 0) {
                System.out.println(simulation.story());
            }
            assertThat(violations)
                    .as("seed %d; replay with -Dtest=ViewSimulationTest -Dseed=%d", seed, seed)
                    .isEmpty();
            epochs += simulation.epochs();
            evictions += simulation.evictions();
            minorities += simulation.minoritiesWatched();
            done += simulation.histories().stream()
                    .mapToLong(history -> history.count(Result.DONE))
                    .sum();
        }
        System.out.println("views: " + epochs + ", of them evictions: " + evictions + ", minorities watched: "
                + minorities + ", operations done: " + done);
        assertThat(epochs).isGreaterThan(1);
    }

    @Test
    void theSameSeedGivesTheSameRun() {
        ViewSimulation first = new ViewSimulation(3, Slip.NONE);
        ViewSimulation second = new ViewSimulation(3, Slip.NONE);
        first.run();
        second.run();

        assertThat(first.loop().trace())
                .hasSizeGreaterThan(100)
                .isEqualTo(second.loop().trace());
    }

    /** Those that chance finds too seldom have a story of their own in {@link ViewScenarioTest}. */
    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"NONE", "SERVES_BEFORE_ENTERING", "FORCES_WITHOUT_BRIDGE"})
    void aPlantedBugIsFound(Slip slip) {
        long seed = 0;
        List<String> violations = List.of();
        while (violations.isEmpty() && seed < SEEDS_TO_FIND_A_BUG) {
            violations = new ViewSimulation(seed++, slip, slip == Slip.DRAINS_UNSEEN ? Extent.LARGE : Extent.SMALL)
                    .run().stream().filter(what -> what.contains(symptom(slip))).toList();
        }

        System.out.println(slip + " found after seeds: " + seed + " " + violations);
        assertThat(violations).as("%s not found in %d seeds", slip, seed).isNotEmpty();
    }

    private static String symptom(Slip slip) {
        return switch (slip) {
            case EVICTS_BELOW_N -> "fewer owners than copies";
            case MINORITY_DECIDES -> ", others ";
            case DRAINS_UNSEEN -> "of the drained";
            default -> "linearizable";
        };
    }
}
