package io.keplerfs.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.memory.MemoryStore;
import io.keplerfs.register.Configurations;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** What a node may keep of its registers when it enters a stage. */
class StaleRowsTest {
    private static final UUID CLUSTER = new UUID(0, 99);
    private static final NodeId ME = id(4);
    private static final RegisterKey VIEW = new RegisterKey(Configurations.VIEW_BUCKET, 0, "7");

    private final MemoryStore store = new MemoryStore(ME, Runnable::run);

    private static NodeId id(long number) {
        return new NodeId(new UUID(0, number));
    }

    private static View view(long epoch, long mySince, long... numbers) {
        List<ViewMember> members = LongStream.of(numbers)
                .mapToObj(n -> new ViewMember(
                        id(n), "n" + n, new NodeAddress("127.0.0.1", 1, 2, 3), "", 1, false, n == 4 ? mySince : 1))
                .toList();
        return new View(CLUSTER, 3, epoch, members);
    }

    private void enter(Ownership before, Ownership after) {
        store.write(tables -> {
                    StaleRows.setAside(tables, ME, Optional.ofNullable(before), after);
                    return true;
                })
                .join();
    }

    /** One register in each of many shards, and a vote on a view. */
    private void fill() {
        store.write(tables -> {
                    IntStream.range(0, 64).forEach(shard -> tables.putRegister(row(new RegisterKey("b", shard, "k"))));
                    tables.putRegister(row(VIEW));
                    return true;
                })
                .join();
    }

    private static RegisterRow row(RegisterKey key) {
        Ballot ballot = new Ballot(5, id(1));
        return new RegisterRow(key, ballot, ballot, new byte[] {1}, new byte[0]);
    }

    private List<RegisterKey> kept() {
        return store.read(tables -> tables.registersAfter(null, 1000)).join().stream()
                .map(RegisterRow::key)
                .toList();
    }

    @Test
    void whoWasNoMemberInBetweenKeepsNothingButItsVotesOnViews() {
        Ownership first = Ownership.settled(view(3, 2, 1, 2, 3, 4));
        enter(null, first);
        fill();

        // Epochs 4 and 5 it has missed: out and in again.
        enter(first, Ownership.settled(view(5, 5, 1, 2, 3, 4)));

        assertThat(kept()).containsExactly(VIEW);
    }

    @Test
    void whoSeesItselfRemovedKeepsItsRowsForTheOperatorUntilItIsAMemberAgain() {
        Ownership first = Ownership.settled(view(3, 2, 1, 2, 3, 4));
        Ownership without = Ownership.settled(view(4, 0, 1, 2, 3));
        enter(null, first);
        fill();

        enter(first, without);
        assertThat(kept()).hasSize(65);
        enter(without, without.movingTo(view(5, 5, 1, 2, 3, 4)));
        assertThat(kept()).containsExactly(VIEW);
    }

    @Test
    void aMemberThatMissedViewsKeepsWhatItOwnsAndSetsAsideWhatItGains() {
        Ownership before = Ownership.settled(view(3, 2, 1, 2, 3, 4, 5, 6));
        Ownership after = Ownership.settled(view(6, 2, 1, 3, 4, 6));
        enter(null, before);
        fill();

        enter(before, after);

        assertThat(kept()).filteredOn(key -> !key.equals(VIEW)).isNotEmpty().allSatisfy(key -> {
            int partition = after.current().ring().partitionOf(key.bucket(), key.shard());
            assertThat(before.owns(ME, partition) || !after.owns(ME, partition)).isTrue();
        });
        assertThat(kept()).hasSizeLessThan(65);
    }

    @Test
    void whatIsBeingMergedIsKeptWhenTheViewSettles() {
        Ownership moving = Ownership.settled(view(3, 0, 1, 2, 3)).movingTo(view(4, 4, 1, 2, 3, 4));
        enter(null, moving);
        fill();

        enter(moving, Ownership.settled(moving.newest()));

        assertThat(kept()).hasSize(65);
    }
}
