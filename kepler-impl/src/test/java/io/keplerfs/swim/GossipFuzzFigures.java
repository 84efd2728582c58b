package io.keplerfs.swim;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.sim.Figure;
import org.junit.jupiter.api.Test;

/** A million spoilt packets of each sort; {@code -Dseed=N} repeats a run, {@code -Dpackets=N} makes it longer. */
class GossipFuzzFigures {
    private static final long SEED = Long.getLong("seed", 1);
    private static final long PACKETS = Long.getLong("packets", 1_000_000);

    /** What a run may leave behind that it does not owe to members: caches, counters, the collector's own. */
    private static final long NOISE_BYTES = 4 << 20;

    /** A member with its label, zone, host, news and suspicion. */
    private static final long MEMBER_BYTES = 4_000;

    @Test
    void sealedPackets() {
        Figure.print("gossip.fuzz.seed", SEED);
        GossipFuzz fuzz = new GossipFuzz(SEED, true);
        long growth = grow(fuzz);

        Figure.print("gossip.fuzz.sealed.packets", fuzz.packets);
        Figure.print("gossip.fuzz.sealed.exceptions", 0);
        Figure.print("gossip.fuzz.sealed.stateChanges", fuzz.stateChanges + fuzz.letIn);
        Figure.print("gossip.fuzz.sealed.growthBytes", growth);
        assertThat(fuzz.letIn).as("seed %s", SEED).isZero();
        assertThat(growth).as("seed %s", SEED).isLessThan(NOISE_BYTES);
    }

    @Test
    void openPackets() {
        GossipFuzz fuzz = new GossipFuzz(SEED, false);
        long growth = grow(fuzz);

        Figure.print("gossip.fuzz.open.packets", fuzz.packets);
        Figure.print("gossip.fuzz.open.exceptions", 0);
        Figure.print("gossip.fuzz.open.letIn", fuzz.letIn);
        Figure.print("gossip.fuzz.open.members", fuzz.members());
        Figure.print("gossip.fuzz.open.growthBytes", growth);
        assertThat(fuzz.members()).as("seed %s", SEED).isLessThanOrEqualTo(1 + Roster.MAX_MEMBERS);
        assertThat(growth).as("seed %s", SEED).isLessThan(NOISE_BYTES + MEMBER_BYTES * Roster.MAX_MEMBERS);
    }

    /** An exception ends the run, and the test with it. */
    private static long grow(GossipFuzz fuzz) {
        fuzz.run(1_000);
        long before = GossipFuzz.heapBytes();
        fuzz.run(PACKETS);
        long after = GossipFuzz.heapBytes();
        // Used again, so that it is still there when the heap is measured.
        assertThat(fuzz.packets).isEqualTo(PACKETS);
        return Math.max(0, after - before);
    }
}
