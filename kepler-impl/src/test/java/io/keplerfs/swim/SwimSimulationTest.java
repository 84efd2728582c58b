package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every invariant holds in every scenario. {@code -Dseeds=N} runs more seeds, {@code -Dseed=S} one. */
class SwimSimulationTest {
    private static final int FEW = 15;

    @ParameterizedTest
    @EnumSource
    void everyInvariantHolds(GossipScenario scenario) {
        seeds(FEW)
                .forEach(seed -> assertThat(scenario.run(seed, Set.of()).trace().events())
                        .isPositive());
    }

    /** The job that proves that a seed is a replay. */
    @ParameterizedTest
    @EnumSource
    void aSeedGivesTheSameEventsAgain(GossipScenario scenario) {
        seeds(3).forEach(seed -> assertThat(scenario.run(seed, Set.of()).trace().hashes())
                .as("seed %s of %s", seed, scenario)
                .isEqualTo(scenario.run(seed, Set.of()).trace().hashes()));
    }

    private static LongStream seeds(int few) {
        Long one = Long.getLong("seed");
        return one != null ? LongStream.of(one) : LongStream.range(0, Long.getLong("seeds", few));
    }
}
