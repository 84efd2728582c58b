package io.keplerfs.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.sim.History.Result;
import io.keplerfs.sim.ViewNode.Slip;
import io.keplerfs.sim.ViewSimulation.Extent;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@link ViewSimulation} with up to nine nodes and an operator, over many seeds: {@code -Psim -Dseeds=1000}. */
class ViewFigures {
    private static final long SEEDS = Long.getLong("seeds", 300);
    private static final long SEED = Long.getLong("seed", -1);

    @Test
    void views() {
        new Count().run(SEED >= 0 ? SEED : 0, SEED >= 0 ? SEED + 1 : SEEDS);
    }

    private static final class Count {
        private long decided;
        private long drained;
        private long evicted;
        private long done;
        private long violations;

        void run(long from, long to) {
            for (long seed = from; seed < to; seed++) {
                ViewSimulation simulation = new ViewSimulation(seed, Slip.NONE, Extent.LARGE);
                List<String> found = simulation.run();
                if (!found.isEmpty()) {
                    violations++;
                    System.out.println("seed " + seed + ": " + found);
                }
                decided += simulation.epochs();
                drained += simulation.drained();
                evicted += simulation.evictions();
                done += simulation.histories().stream()
                        .mapToLong(history -> history.count(Result.DONE))
                        .sum();
            }
            Figure.print("views.seeds", to - from);
            Figure.print("views.decided", decided);
            Figure.print("views.drained", drained);
            Figure.print("views.smaller", evicted);
            Figure.print("views.operations", done);
            Figure.print("views.violations", violations);
            assertThat(violations).isZero();
        }
    }
}
