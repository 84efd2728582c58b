package io.keplerfs.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.sim.History.Result;
import io.keplerfs.sim.Mistakes.Slip;
import io.keplerfs.sim.SimStore.Lie;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@link RegisterSimulation} over thousands of seeds, at rest and while the register moves, some of them run twice; and the number
 * of seeds that each planted bug takes. {@code -Dseeds=N}, {@code -Dseed=first}.
 */
@ExtendWith(QuietRegisters.class)
class RegisterFigures {
    private static final long SEEDS = Long.getLong("seeds", 2_000);
    private static final long FIRST = Math.max(0, Long.getLong("seed", 0));
    /** Every so many seeds one is run again and compared event by event. */
    private static final int COMPARED = 20;
    /** The rarest planted bugs are found once in some thousand seeds. */
    private static final long SEEDS_TO_FIND_A_BUG = Math.max(5_000, 2 * SEEDS);

    /** Chance need not find these: each has a story that goes wrong with it. */
    private static final Map<String, String> RARE = Map.of(
            "FORGET_ANCESTORS", "aWriteThatWasBuiltOnTwiceIsNotDoneAgain",
            "PROMISE_NOT_SYNCED", "aPromiseOutlivesACrash",
            "CARRY_NOT_SYNCED", "aPromiseThatCameAlongOutlivesACrash",
            "UNFENCED", "nothingIsWrittenAtOldOwnersBehindTheBackOfTheNewOnes",
            "DROPS_PROMISES", "aPreparedWriteCannotComeBackFromAnOldOwnerOverANewerOne",
            "VOTES_FOR_INHERITED", "aMergedValueIsNoVoteOfTheNewOwner",
            "GATE_NOT_IN_TRANSACTION", "nothingIsAcceptedInAViewThatTheOwnerHasBegunToLeave");

    @Test
    void noSeedBreaksAPromise() {
        Map<Result, Long> results = new EnumMap<>(Result.class);
        long operations = 0;
        long compared = 0;
        for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
            boolean moves = seed % 2 == 1;
            RegisterSimulation simulation = new RegisterSimulation(seed, moves, Mistakes.NONE);
            List<String> violations = simulation.run();
            assertThat(violations)
                    .as("seed %d, %s%n%s", seed, moves ? "moving" : "resting", simulation.history())
                    .isEmpty();
            if (seed % COMPARED == 0) {
                RegisterSimulation again = new RegisterSimulation(seed, moves, Mistakes.NONE);
                again.run();
                assertThat(again.trace()).as("seed %d again", seed).isEqualTo(simulation.trace());
                compared++;
            }
            operations += simulation.history().calls().size();
            for (Result result : Result.values()) {
                results.merge(result, simulation.history().count(result), Long::sum);
            }
        }
        Figure.print("register.seeds", SEEDS);
        Figure.print("register.seeds.run.twice.and.equal", compared);
        Figure.print("register.operations", operations);
        Figure.print("register.acked", results.get(Result.DONE));
        Figure.print("register.refused", results.get(Result.REFUSED));
        Figure.print("register.unavailable", results.get(Result.NOTHING_HAPPENED));
        Figure.print("register.indeterminate", results.get(Result.MAYBE));
        Figure.print("register.violations", 0);
    }

    static Stream<Arguments> plantedBugs() {
        return Stream.of(
                Arguments.of(Mistakes.of("RETRY_WITHOUT_MEMORY"), false),
                Arguments.of(Mistakes.of("FORGET_ANCESTORS"), false),
                Arguments.of(Mistakes.of("REFUSE_WITHOUT_FINISHING"), false),
                Arguments.of(Mistakes.of("READ_WITHOUT_FINISHING"), false),
                Arguments.of(Mistakes.of("DELETE_AT_OWN_TIME"), false),
                Arguments.of(Mistakes.of("CARRY_AT_FRESH_BALLOT"), false),
                Arguments.of(Mistakes.of("REFUSE_FROM_CARRIED"), false),
                Arguments.of(Mistakes.of("FORGET_FENCE"), false),
                Arguments.of(Mistakes.of(Lie.ACK_BEFORE_DURABLE), false),
                Arguments.of(Mistakes.of(Lie.PROMISE_NOT_SYNCED), false),
                Arguments.of(Mistakes.of(Lie.PROMISE_DROPPED), false),
                Arguments.of(Mistakes.of(Lie.CARRY_NOT_SYNCED), false),
                Arguments.of(Mistakes.of(Lie.MEMORY_DROPPED), false),
                Arguments.of(Mistakes.of(Slip.OLD_MAJORITY_ONLY), true),
                Arguments.of(Mistakes.of(Slip.ONE_OLD_OWNER), true),
                Arguments.of(Mistakes.of(Slip.UNFENCED), true),
                Arguments.of(Mistakes.of(Slip.HEEDS_PROMISES), true),
                Arguments.of(Mistakes.of(Slip.DROPS_PROMISES), true),
                Arguments.of(Mistakes.of(Slip.VOTES_FOR_INHERITED), true),
                Arguments.of(Mistakes.of(Slip.GATE_NOT_IN_TRANSACTION), true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"SWEEP_WITHOUT_ALL", "SWEEP_WITHOUT_FLOOR"})
    void aTombstoneDroppedTooSoonIsFound(String fault) {
        long seed = 0;
        boolean found = false;
        while (!found && seed < SEEDS_TO_FIND_A_BUG) {
            found = !new RegisterSimulation(seed++, false, Mistakes.of(fault), true)
                    .run()
                    .isEmpty();
        }

        Figure.print("register.bug." + fault.toLowerCase(Locale.ROOT) + ".seeds", found ? seed : -1);
        assertThat(found).isTrue();
    }

    @ParameterizedTest
    @MethodSource("plantedBugs")
    void aPlantedBugIsFound(Mistakes mistakes, boolean moves) {
        long seed = 0;
        List<String> violations = List.of();
        while (violations.isEmpty() && seed < SEEDS_TO_FIND_A_BUG) {
            violations = new RegisterSimulation(seed++, moves, mistakes).run();
        }

        String bug = "register.bug." + mistakes.name().toLowerCase(Locale.ROOT);
        if (!violations.isEmpty()) {
            Figure.print(bug + ".seeds", seed);
        }
        String story = RARE.get(mistakes.name());
        if (story != null) {
            assertThat(RegisterScenarioTest.class.getDeclaredMethods())
                    .as("the story of %s", mistakes.name())
                    .anyMatch(method -> method.getName().equals(story));
            Figure.print(bug + ".scenarios", 1);
        }
        assertThat(!violations.isEmpty() || story != null)
                .as("%s in %d seeds", mistakes, seed)
                .isTrue();
    }
}
