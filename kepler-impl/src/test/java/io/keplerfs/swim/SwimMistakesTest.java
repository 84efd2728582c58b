package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.sim.Figure;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The simulation is worth something: it finds every mistake that is planted in the detector, and says after how many seeds. */
class SwimMistakesTest {
    private static final int ENOUGH_SEEDS = 20;

    @ParameterizedTest
    @EnumSource(names = "NO_LIFEGUARD", mode = EnumSource.Mode.EXCLUDE)
    void eachMistakeIsFound(Flaw flaw) {
        int seeds = 1;
        String found = failure(flaw, seeds);
        while (found.isEmpty() && seeds < ENOUGH_SEEDS) {
            seeds++;
            found = failure(flaw, seeds);
        }

        Figure.print("swim.mistake." + flaw.name().toLowerCase(Locale.ROOT) + ".seeds", seeds);
        assertThat(found).as("%s is found within %s seeds", flaw, ENOUGH_SEEDS).isNotEmpty();
        assertThat(found)
                .contains("of seed " + seeds)
                .contains("-Dseed=" + seeds)
                .contains("the last events");
    }

    /** The cheap stories first. */
    private static String failure(Flaw flaw, long seed) {
        return Stream.of(
                        GossipScenario.ONE_LINK_IS_CUT,
                        GossipScenario.ONE_DIES,
                        GossipScenario.HALVES,
                        GossipScenario.LEAVES_AMONG_REPLAYS,
                        GossipScenario.SLOW_MEMBERS,
                        GossipScenario.SWARM)
                .map(scenario -> failure(scenario, flaw, seed))
                .filter(found -> !found.isEmpty())
                .findFirst()
                .orElse("");
    }

    private static String failure(GossipScenario scenario, Flaw flaw, long seed) {
        try {
            scenario.run(seed, Set.of(flaw));
            return "";
        } catch (AssertionError caught) {
            return String.valueOf(caught.getMessage());
        }
    }
}
