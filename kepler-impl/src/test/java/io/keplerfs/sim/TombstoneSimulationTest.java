package io.keplerfs.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link RegisterSimulation} with tombstones that are removed after seconds, under clients that delete and create. */
@ExtendWith(QuietRegisters.class)
class TombstoneSimulationTest {
    private static final long SEEDS = Long.getLong("seeds", 60);
    private static final long SEEDS_TO_FIND_A_BUG = 3_000;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nothingDeletedComesBackWhenItsTombstoneGoes(boolean moves) {
        int swept = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            RegisterSimulation simulation = new RegisterSimulation(seed, moves, Mistakes.NONE, true);
            assertThat(simulation.run())
                    .as("seed %d, moves %s%n%s", seed, moves, simulation.history())
                    .isEmpty();
            swept += simulation.swept();
        }
        assertThat(swept).isGreaterThan((int) SEEDS / 8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"SWEEP_WITHOUT_ALL", "SWEEP_WITHOUT_FLOOR"})
    void aTombstoneDroppedTooSoonIsFound(String fault) {
        long seed = 0;
        List<String> violations = List.of();
        while (violations.isEmpty() && seed < SEEDS_TO_FIND_A_BUG) {
            violations = new RegisterSimulation(seed++, false, Mistakes.of(fault), true).run();
        }

        assertThat(violations).as("%s in %d seeds", fault, seed).isNotEmpty();
        System.out.println(fault + " found after seeds: " + seed + " " + violations);
    }
}
