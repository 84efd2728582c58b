package io.keplerfs.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RingTest {
    private static final int BITS = Ring.DEFAULT_PARTITION_BITS;

    @Test
    void everyPartitionHasTheWantedNumberOfDistinctOwners() {
        Ring ring = Ring.of(members(10, 1), 3, BITS);

        assertThat(ring.partitions()).isEqualTo(16384);
        for (int partition = 0; partition < ring.partitions(); partition++) {
            assertThat(ring.owners(partition)).hasSize(3).doesNotHaveDuplicates();
        }
    }

    @Test
    void withFewerMembersThanCopiesEveryMemberOwnsEverything() {
        Ring ring = Ring.of(members(2, 1), 3, 8);

        assertThat(ring.replication()).isEqualTo(3);
        for (int partition = 0; partition < ring.partitions(); partition++) {
            assertThat(ring.owners(partition)).containsExactlyInAnyOrderElementsOf(ids(ring.members()));
        }
    }

    @Test
    void theOrderOfTheMembersMakesNoDifference() {
        List<RingMember> members = members(12, 3);
        List<RingMember> shuffled = new ArrayList<>(members);
        Collections.shuffle(shuffled, new Random(1));

        Ring one = Ring.of(members, 3, BITS);
        Ring other = Ring.of(shuffled, 3, BITS);

        assertThat(other.members()).isEqualTo(one.members());
        assertThat(other.voters(7)).isEqualTo(one.voters(7));
        assertThat(table(other)).isEqualTo(table(one));
    }

    @Test
    void withThreeZonesEveryPartitionHasAnOwnerInEachOfThem() {
        List<RingMember> members = zoned(12, 3);
        Ring ring = Ring.of(members, 3, BITS);

        for (int partition = 0; partition < ring.partitions(); partition++) {
            assertThat(zones(members, ring.owners(partition))).hasSize(3);
        }
    }

    @Test
    void withMoreCopiesThanZonesNoZoneHoldsTwoMoreThanAnother() {
        List<RingMember> members = zoned(12, 3);
        Ring ring = Ring.of(members, 5, BITS);

        for (int partition = 0; partition < ring.partitions(); partition++) {
            List<NodeId> owners = ring.owners(partition);
            assertThat(IntStream.range(0, 3)
                            .mapToLong(zone -> members.stream()
                                    .filter(m ->
                                            owners.contains(m.id()) && m.zone().equals("zone-" + zone))
                                    .count()))
                    .containsExactlyInAnyOrder(2L, 2L, 1L);
        }
    }

    @Test
    void aZoneOfOneMemberTakesPartInEveryPartitionButNoMoreThanOnce() {
        List<RingMember> members = new ArrayList<>(members(9, 1));
        RingMember lonely = new RingMember(members(10, 1).get(9).id(), "lonely", 1);
        members.add(lonely);

        Ring ring = Ring.of(members, 3, BITS);

        assertThat(table(ring)).allSatisfy(owners -> assertThat(owners).contains(lonely.id()));
        assertThat(ring.share(lonely.id())).isEqualTo(1.0 / 3, within(1e-12));
    }

    @Test
    void aJoinReplacesAtMostOneOwnerOfAPartitionAndOnlyByTheNewNode() {
        for (int zones : List.of(1, 2, 3, 5)) {
            List<RingMember> after = zoned(11, zones);
            NodeId joined = after.get(10).id();
            Ring small = Ring.of(after.subList(0, 10), 3, BITS);
            Ring large = Ring.of(after, 3, BITS);

            for (int partition = 0; partition < small.partitions(); partition++) {
                Set<NodeId> gained = new HashSet<>(large.owners(partition));
                small.owners(partition).forEach(gained::remove);
                assertThat(gained).isSubsetOf(Set.of(joined));
            }
        }
    }

    @Test
    void aNodeThatGainsWeightLosesNothingItHad() {
        List<RingMember> before = members(10, 1);
        RingMember light = before.get(4);
        List<RingMember> after = new ArrayList<>(before);
        after.set(4, new RingMember(light.id(), "", 2));
        Ring small = Ring.of(before, 3, BITS);
        Ring large = Ring.of(after, 3, BITS);

        for (int partition = 0; partition < small.partitions(); partition++) {
            if (small.owners(partition).contains(light.id())) {
                assertThat(large.owners(partition)).contains(light.id());
            }
        }
        assertThat(large.share(light.id())).isGreaterThan(1.5 * small.share(light.id()));
    }

    @Test
    void sharesAddUpToOneAndStrangersHaveNone() {
        Ring ring = Ring.of(members(7, 4), 3, BITS);

        assertThat(ids(ring.members()).stream().mapToDouble(ring::share).sum()).isEqualTo(1, within(1e-9));
        assertThat(ring.share(new NodeId(new UUID(0, 0)))).isZero();
    }

    @Test
    void aChunkLiesInThePartitionOfItsTopBits() {
        byte[] hash = new byte[ChunkId.BYTES];
        hash[0] = (byte) 0xff;
        hash[1] = (byte) 0xfb;

        assertThat(Ring.of(members(1, 1), 1, 14).partitionOf(ChunkId.ofHash(hash)))
                .isEqualTo(0x3ffe);
        assertThat(Ring.of(members(1, 1), 1, 16).partitionOf(ChunkId.ofHash(hash)))
                .isEqualTo(0xfffb);
        assertThat(Ring.of(members(1, 1), 1, 1).partitionOf(ChunkId.ofHash(hash)))
                .isEqualTo(1);
    }

    @Test
    void shardsOfABucketSpreadOverThePartitions() {
        Ring ring = Ring.of(members(1, 1), 1, BITS);

        assertThat(IntStream.range(0, 256)
                        .map(shard -> ring.partitionOf("photos", shard))
                        .distinct()
                        .count())
                .isGreaterThan(245);
        assertThat(ring.partitionOf("photos", 1)).isNotEqualTo(ring.partitionOf("videos", 1));
    }

    @Test
    void votersAreDistinctTakeTurnsOverZonesAndAJoinReplacesAtMostOne() {
        List<RingMember> members = zoned(16, 3);
        for (int size = 1; size < members.size(); size++) {
            List<NodeId> now = Ring.of(members.subList(0, size), 3, 6).voters(Ring.MAX_VOTERS);
            Set<NodeId> gained =
                    new HashSet<>(Ring.of(members.subList(0, size + 1), 3, 6).voters(Ring.MAX_VOTERS));
            now.forEach(gained::remove);

            assertThat(now).hasSize(Math.min(size, 7)).doesNotHaveDuplicates();
            assertThat(zones(members, now)).hasSize(Math.min(size, 3));
            assertThat(zones(members, now.subList(0, Math.min(size, 3)))).hasSize(Math.min(size, 3));
            assertThat(gained).hasSizeLessThanOrEqualTo(1);
        }
        Ring ring = Ring.of(members, 3, 6);
        assertThat(ring.voters(3)).isEqualTo(ring.voters(100).subList(0, 3));
    }

    @Test
    void majoritiesOverlap() {
        assertThat(IntStream.rangeClosed(1, 7).map(Ring::majority)).containsExactly(1, 2, 2, 3, 3, 4, 4);
        assertThatIllegalArgumentException().isThrownBy(() -> Ring.majority(0)).withMessageContaining("0 nodes");
    }

    @Test
    void whatMakesNoRingIsRefusedWithItsValue() {
        List<RingMember> two = members(2, 1);
        List<RingMember> twice = List.of(two.get(0), two.get(1), two.get(0));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> Ring.of(List.of(), 3, BITS))
                .withMessageContaining("at least one member");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Ring.of(twice, 3, BITS))
                .withMessageContaining(two.get(0).id() + " is twice");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Ring.of(two, 0, BITS))
                .withMessageContaining("replication is 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Ring.of(two, 3, 0))
                .withMessageContaining("partitionBits is 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Ring.of(two, 3, 17))
                .withMessageContaining("partitionBits is 17");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new RingMember(two.get(0).id(), "", 0))
                .withMessageContaining("is 0, allowed are 1 to 100");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new RingMember(two.get(0).id(), "", 101))
                .withMessageContaining("101");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Ring.of(two, 3, BITS).voters(0))
                .withMessageContaining("at most 0");
    }

    @Test
    void nobodyCanChangeARingFromOutside() {
        Ring ring = Ring.of(members(4, 1), 3, 6);

        assertThatThrownBy(() -> ring.owners(0).clear()).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> ring.voters(3).clear()).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> ring.members().clear()).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> ring.owners(64)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    /** Weights go 1 to {@code weights} in turn. */
    private static List<RingMember> members(int count, int weights) {
        Random random = new Random(count + 1000L * weights);
        return IntStream.range(0, count)
                .mapToObj(i -> new RingMember(id(random), "", 1 + i % weights))
                .toList();
    }

    private static List<RingMember> zoned(int count, int zones) {
        Random random = new Random(count);
        return IntStream.range(0, count)
                .mapToObj(i -> new RingMember(id(random), "zone-" + i % zones, 1))
                .toList();
    }

    private static NodeId id(Random random) {
        return new NodeId(new UUID(random.nextLong(), random.nextLong()));
    }

    private static List<NodeId> ids(List<RingMember> members) {
        return members.stream().map(RingMember::id).toList();
    }

    private static Set<String> zones(List<RingMember> members, List<NodeId> nodes) {
        return members.stream()
                .filter(member -> nodes.contains(member.id()))
                .map(RingMember::zone)
                .collect(Collectors.toSet());
    }

    private static List<List<NodeId>> table(Ring ring) {
        return IntStream.range(0, ring.partitions()).mapToObj(ring::owners).toList();
    }
}
