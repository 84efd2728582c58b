package io.keplerfs.ring;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.values.NodeId;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * How evenly the ring spreads data. Node ids are random, so the gauges are too: each is measured over 40 fixed draws of ids. The
 * targets hold for the median cluster. About one in ten exceeds a target for load or weights, because the load of one node
 * scatters by 4 % with 256 virtual nodes and three copies, and by as much again from cutting the space into 2^14 pieces at 100
 * nodes. The bounds on the worst draw are what was measured, rounded up: they only keep it from becoming worse.
 */
class RingGaugesTest {
    private static final int DRAWS = 40;

    @Test
    void theFullestOfTenNodesIsEightPercentAboveTheMean() {
        Gauge load = measure("max/mean load, 10 nodes", draw -> fullest(ring(members(10, draw))));

        assertThat(load.median).isLessThanOrEqualTo(1.08);
        assertThat(load.worst).isLessThanOrEqualTo(1.13);
    }

    @Test
    void theFullestOfAHundredNodesIsTwelvePercentAboveTheMean() {
        Gauge load = measure("max/mean load, 100 nodes", draw -> fullest(ring(members(100, draw))));

        assertThat(load.median).isLessThanOrEqualTo(1.12);
        assertThat(load.worst).isLessThanOrEqualTo(1.21);
    }

    @Test
    void aJoinOrLeaveMovesLittleMoreThanTheShareOfTheOneNode() {
        for (int size : List.of(10, 100)) {
            double ideal = 1.0 / (size + 1);
            Gauge moved = measure("moved/ideal, " + size + " nodes and one", draw -> {
                List<RingMember> with = members(size + 1, draw);
                return moved(ring(with.subList(0, size)), ring(with)) / ideal;
            });

            assertThat(moved.median).isLessThanOrEqualTo(1.1);
            assertThat(moved.worst).isLessThanOrEqualTo(1.13);
        }
    }

    @Test
    void weightsOfOneTwoAndFourLandWithinTwelvePercent() {
        Gauge ofNodes = measure("weights 1:2:4, worst node", draw -> weightError(draw, 1));
        Gauge ofClasses = measure("weights 1:2:4, worst class", draw -> weightError(draw, 10));

        assertThat(ofNodes.median).isLessThanOrEqualTo(0.12);
        assertThat(ofNodes.worst).isLessThanOrEqualTo(0.17);
        assertThat(ofClasses.worst).isLessThanOrEqualTo(0.12);
    }

    @Test
    void inALargeClusterThePresetOfMorePartitionsKeepsTheLoadEven() {
        Gauge load = measure(
                "max/mean load, 300 nodes, 2^16",
                DRAWS / 8,
                draw -> fullest(Ring.of(members(300, draw), 3, Ring.LARGE_PARTITION_BITS)));

        assertThat(load.worst).isLessThanOrEqualTo(1.16);
    }

    private record Gauge(double median, double worst) {}

    private static Gauge measure(String name, LongToDoubleFunction ofDraw) {
        return measure(name, DRAWS, ofDraw);
    }

    private static Gauge measure(String name, int draws, LongToDoubleFunction ofDraw) {
        double[] values =
                LongStream.range(0, draws).mapToDouble(ofDraw).sorted().toArray();
        Gauge gauge = new Gauge(values[draws / 2], values[draws - 1]);
        System.out.printf("%s: median %.3f, worst of %d %.3f%n", name, gauge.median, draws, gauge.worst);
        return gauge;
    }

    private static double fullest(Ring ring) {
        return ring.members().size()
                * ring.members().stream()
                        .mapToDouble(member -> ring.share(member.id()))
                        .max()
                        .orElseThrow();
    }

    /** Copies that get another owner when the one ring replaces the other, as part of all copies. */
    private static double moved(Ring from, Ring to) {
        int moved = 0;
        for (int partition = 0; partition < from.partitions(); partition++) {
            Set<NodeId> gained = new HashSet<>(to.owners(partition));
            from.owners(partition).forEach(gained::remove);
            moved += gained.size();
        }
        return moved / (3.0 * from.partitions());
    }

    /** Ten members of each weight, compared with their due in groups of so many. */
    private static double weightError(long draw, int group) {
        List<RingMember> plain = members(30, draw);
        List<RingMember> members = IntStream.range(0, 30)
                .mapToObj(i -> new RingMember(plain.get(i).id(), "", 1 << (i / 10)))
                .toList();
        Ring ring = ring(members);
        return IntStream.range(0, 30 / group)
                .mapToObj(i -> members.subList(i * group, (i + 1) * group))
                .mapToDouble(some -> {
                    double share =
                            some.stream().mapToDouble(m -> ring.share(m.id())).sum();
                    return Math.abs(share
                                    * 70
                                    / some.stream().mapToInt(RingMember::weight).sum()
                            - 1);
                })
                .max()
                .orElseThrow();
    }

    private static Ring ring(List<RingMember> members) {
        return Ring.of(members, 3, Ring.DEFAULT_PARTITION_BITS);
    }

    private static List<RingMember> members(int count, long draw) {
        Random random = new Random(draw);
        return IntStream.range(0, count)
                .mapToObj(i -> new RingMember(new NodeId(new UUID(random.nextLong(), random.nextLong())), "", 1))
                .toList();
    }
}
