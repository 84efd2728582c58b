package io.keplerfs.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.WireReader;
import io.keplerfs.wire.WireWriter;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OwnershipTest {
    private static final UUID CLUSTER = new UUID(7, 7);

    private static NodeId id(int n) {
        return new NodeId(new UUID(n, n));
    }

    private static List<ViewMember> members(int... numbers) {
        return IntStream.of(numbers)
                .mapToObj(n -> new ViewMember(id(n), "n" + n, new NodeAddress("127.0.0.1", 1, 2, 3), "", 1, false, 1))
                .toList();
    }

    private static View view(long epoch, int... numbers) {
        return new View(CLUSTER, 3, epoch, members(numbers));
    }

    @Test
    void aMovingOwnershipNeedsBothSetsOfOwners() {
        Ownership moving = Ownership.settled(view(4, 1, 2, 3)).movingTo(view(5, 2, 3, 4));

        assertThat(moving.stage()).isEqualTo(9);
        assertThat(moving.ownerSets(0)).hasSize(2);
        assertThat(moving.ownerSets(0).get(0)).containsExactlyInAnyOrder(id(1), id(2), id(3));
        assertThat(moving.ownerSets(0).get(1)).containsExactlyInAnyOrder(id(2), id(3), id(4));
        assertThat(moving.everybody()).containsExactlyInAnyOrder(id(1), id(2), id(3), id(4));
    }

    @Test
    void aViewStandsAloneWhenAMajorityOfItsOwnersHasSyncedAndNotBefore() {
        Ownership moving = Ownership.settled(view(4, 1, 2, 3)).movingTo(view(5, 2, 3, 4));

        Ownership one = moving.withSynced(id(4));
        assertThat(one.stage()).isEqualTo(9);
        Ownership two = one.withSynced(id(2));
        assertThat(two.stage()).isEqualTo(10);
        assertThat(two.current()).isEqualTo(view(5, 2, 3, 4));
        assertThat(two.next()).isEmpty();
    }

    @Test
    void knowledgeMergesInAnyOrder() {
        Ownership settled = Ownership.settled(view(4, 1, 2, 3));
        Ownership moving = settled.movingTo(view(5, 2, 3, 4));
        Ownership left = moving.withSynced(id(2));
        Ownership right = moving.withSynced(id(3));

        assertThat(settled.merge(moving)).isEqualTo(moving);
        assertThat(moving.merge(settled)).isEqualTo(moving);
        assertThat(left.merge(right)).isEqualTo(right.merge(left)).isEqualTo(Ownership.settled(view(5, 2, 3, 4)));
        assertThat(left.merge(left)).isEqualTo(left);
    }

    @Test
    void onlyPartitionsThatChangeMustBeSynced() {
        View before = view(1, 1, 2, 3, 4, 5, 6);
        Ownership moving = Ownership.settled(before).movingTo(before.successor(members(1, 2, 3, 4, 5, 6, 7)));

        long changing = IntStream.range(0, before.ring().partitions())
                .filter(moving::changes)
                .count();
        assertThat(changing)
                .isBetween(before.ring().partitions() / 4L, before.ring().partitions() * 6L / 10);
    }

    @Test
    void isReadBackAsItWasWritten() {
        Ownership moving =
                Ownership.settled(view(4, 1, 2, 3)).movingTo(view(5, 2, 3, 4)).withSynced(id(3));
        for (Ownership ownership : List.of(moving, Ownership.settled(view(9, 8)))) {
            WireWriter out = new WireWriter();
            ownership.write(out);
            WireReader in = new WireReader(out.toBytes());

            assertThat(Ownership.read(in)).isEqualTo(ownership);
            in.end();
        }
    }
}
