package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The short form of {@link GossipFuzzFigures}; repeat a seed with {@code -Dseed=N}. */
class GossipFuzzTest {
    private static final long SEED = Long.getLong("seed", 20_261_122);
    private static final long PACKETS = 10_000;

    @Test
    void noSpoiltSealedPacketIsLetIn() {
        GossipFuzz fuzz = new GossipFuzz(SEED, true);

        fuzz.run(PACKETS);

        assertThat(fuzz.letIn).as("seed %s", SEED).isZero();
        assertThat(fuzz.members()).isEqualTo(9);
        assertThat(fuzz.counters.brokenSeals.sum()).isPositive();
        assertThat(fuzz.counters.malformed.sum()).isPositive();
        assertThat(fuzz.counters.replayed.sum()).isZero();
    }

    @Test
    void spoiltOpenPacketsDoNoMoreThanWellFormedOnesCould() {
        GossipFuzz fuzz = new GossipFuzz(SEED, false);

        fuzz.run(PACKETS);

        assertThat(fuzz.letIn).as("seed %s", SEED).isPositive();
        assertThat(fuzz.members()).isBetween(1, 1 + Roster.MAX_MEMBERS);
        assertThat(fuzz.counters.malformed.sum()).isPositive();
        assertThat(fuzz.counters.foreign.sum()).isPositive();
    }
}
