package io.keplerfs.spi.contract;

import static io.keplerfs.spi.contract.StoreUnderTest.ballot;
import static io.keplerfs.spi.contract.StoreUnderTest.key;
import static io.keplerfs.spi.contract.StoreUnderTest.node;
import static io.keplerfs.spi.contract.StoreUnderTest.version;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.IntentRow;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.QueueRow;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.UploadRow;
import io.keplerfs.values.Backlog;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.Priority;
import io.keplerfs.values.VersionId;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The small tables: replication queue, uploads, intents, peers and settings. */
interface TableContract extends StoreUnderTest {
    static QueueRow task(String kind, int id, NodeId target, long dueMillis) {
        return new QueueRow(kind, new byte[] {(byte) id}, target, 7, "owner silent", 2, 30, dueMillis);
    }

    static MemberInfo peer(long number, String label) {
        NodeAddress address = new NodeAddress("10.0.0." + number, 8080, 7946, 7947);
        return new MemberInfo(node(number), label, "zone", 50, address, Long.MAX_VALUE, MemberState.SUSPECT);
    }

    @Test
    default void dueTasksComeOldestFirst() {
        write(transaction -> {
            transaction.enqueue(task("fetch", 1, node(1), 300));
            transaction.enqueue(task("push", 2, node(2), 100));
            transaction.enqueue(task("fetch", 3, node(1), 200));
            transaction.enqueue(task("fetch", 4, node(1), 201));
        });

        assertThat(due(null, 200, 10))
                .usingRecursiveFieldByFieldElementComparator()
                .containsExactly(task("push", 2, node(2), 100), task("fetch", 3, node(1), 200));
        assertThat(due(node(1), 1_000, 10))
                .extracting(QueueRow::nextAttemptMillis)
                .containsExactly(200L, 201L, 300L);
        assertThat(due(null, 1_000, 2)).extracting(QueueRow::nextAttemptMillis).containsExactly(100L, 200L);
        assertThat(due(null, 99, 10)).isEmpty();
        assertThat(due(node(3), 1_000, 10)).isEmpty();
        assertThat(this.<Long>read(snapshot -> snapshot.queued())).isEqualTo(4);
    }

    private static QueueRow copy(String kind, int chunk, int pin, NodeId target, long dueMillis, Priority priority) {
        byte[] id = new byte[ChunkId.BYTES + 1];
        id[0] = (byte) chunk;
        id[ChunkId.BYTES] = (byte) pin;
        return new QueueRow(kind, id, target, 7, "owner silent", 2, 30, dueMillis).copying(priority, 1_000);
    }

    private void fourCopiesAndASmallTask() {
        write(transaction -> {
            transaction.enqueue(task("push", 2, node(1), 100));
            transaction.enqueue(copy("chunk", 1, 1, node(1), 300, Priority.MOVE));
            transaction.enqueue(copy("chunk", 1, 2, node(1), 200, Priority.MOVE));
            transaction.enqueue(copy("move", 2, 1, node(2), 100, Priority.MOVE));
            transaction.enqueue(copy("chunk", 1, 3, node(1), 400, Priority.ONE_COPY_LEFT));
        });
    }

    @Test
    default void dueTasksOfOnePriorityComeOldestFirst() {
        fourCopiesAndASmallTask();

        assertThat(this.<List<QueueRow>>read(tables -> tables.due(node(1), Priority.MOVE, 300, 10)))
                .usingRecursiveFieldByFieldElementComparator()
                .containsExactly(
                        copy("chunk", 1, 2, node(1), 200, Priority.MOVE),
                        copy("chunk", 1, 1, node(1), 300, Priority.MOVE));
        assertThat(this.<List<QueueRow>>read(tables -> tables.due(node(1), Priority.MOVE, 300, 1)))
                .hasSize(1);
        assertThat(this.<List<QueueRow>>read(tables -> tables.due(node(1), Priority.MOVE, 299, 10)))
                .hasSize(1);
        assertThat(this.<List<QueueRow>>read(tables -> tables.due(node(1), Priority.SMALL, 300, 10)))
                .extracting(QueueRow::kind)
                .containsExactly("push");
        assertThat(this.<List<QueueRow>>read(tables -> tables.due(node(2), Priority.OTHER, 300, 10)))
                .isEmpty();
    }

    @Test
    default void theBacklogCountsTasksDistinctChunksAndBytesByPriority() {
        assertThat(this.<List<Backlog>>read(Store.Snapshot::backlog)).isEmpty();
        fourCopiesAndASmallTask();

        assertThat(this.<List<Backlog>>read(Store.Snapshot::backlog))
                .containsExactlyInAnyOrder(
                        new Backlog(Priority.SMALL, 1, 0, 0),
                        new Backlog(Priority.ONE_COPY_LEFT, 1, 1, 1_000),
                        new Backlog(Priority.MOVE, 3, 2, 3_000));
    }

    @Test
    default void copiesAreCountedForSomeTargetsUpToABound() {
        fourCopiesAndASmallTask();

        assertThat(copiesQueued(Set.of(node(1)), 100))
                .as("without the small task")
                .isEqualTo(3);
        assertThat(copiesQueued(Set.of(node(1), node(2), node(3)), 100)).isEqualTo(4);
        assertThat(copiesQueued(Set.of(node(1), node(2)), 2)).isEqualTo(2);
        assertThat(copiesQueued(Set.of(node(3)), 100)).isZero();
        assertThat(copiesQueued(Set.of(), 100)).isZero();
    }

    private long copiesQueued(Set<NodeId> targets, long most) {
        return this.<Long>read(tables -> tables.copiesQueued(targets, most));
    }

    @Test
    default void tasksForAllOtherTargetsAreRemovedInBoundedPieces() {
        fourCopiesAndASmallTask();

        write(tables ->
                assertThat(tables.dequeueAllBut(Set.of(node(1), node(2)), 10)).isZero());
        write(tables -> assertThat(tables.dequeueAllBut(Set.of(node(2)), 3)).isEqualTo(3));
        write(tables -> assertThat(tables.dequeueAllBut(Set.of(node(2)), 3)).isEqualTo(1));
        assertThat(due(null, 1_000, 10)).extracting(QueueRow::target).containsExactly(node(2));
        write(tables -> assertThat(tables.dequeueAllBut(Set.of(), 3)).isEqualTo(1));
        assertThat(due(null, 1_000, 10)).isEmpty();
    }

    @Test
    default void hurriedTasksAreDueAtThatTimeAndThoseThatWereDueBeforeStayAhead() {
        fourCopiesAndASmallTask();
        write(transaction -> transaction.hurry(250));

        assertThat(due(null, 250, 10))
                .extracting(QueueRow::nextAttemptMillis)
                .containsExactly(100L, 100L, 200L, 250L, 250L);
        assertThat(this.<List<QueueRow>>read(tables -> tables.due(node(1), Priority.ONE_COPY_LEFT, 250, 10)))
                .usingRecursiveFieldByFieldElementComparator()
                .containsExactly(copy("chunk", 1, 3, node(1), 250, Priority.ONE_COPY_LEFT));
    }

    @Test
    default void aTaskIsReplacedByItsKindIdAndTarget() {
        write(transaction -> {
            transaction.enqueue(task("fetch", 1, node(1), 100));
            transaction.enqueue(task("fetch", 1, node(1), 500));
            transaction.enqueue(task("push", 1, node(1), 101));
            transaction.enqueue(task("fetch", 2, node(1), 102));
            transaction.enqueue(task("fetch", 1, node(2), 103));
        });

        assertThat(due(null, 1_000, 10))
                .extracting(QueueRow::nextAttemptMillis)
                .containsExactly(101L, 102L, 103L, 500L);
    }

    @Test
    default void aTaskIsRemovedByItsKindIdAndTarget() {
        write(transaction -> {
            transaction.enqueue(task("fetch", 1, node(1), 100));
            transaction.enqueue(task("fetch", 1, node(2), 200));
            transaction.dequeue("fetch", new byte[] {1}, node(1));
            transaction.dequeue("fetch", new byte[] {9}, node(1));
        });

        assertThat(due(null, 1_000, 10)).extracting(QueueRow::target).containsExactly(node(2));
        assertThat(this.<Long>read(snapshot -> snapshot.queued())).isEqualTo(1);
    }

    private List<QueueRow> due(NodeId target, long nowMillis, int limit) {
        return read(snapshot -> snapshot.due(target, nowMillis, limit));
    }

    @Test
    default void uploadsAreKeptById() {
        UploadRow first = new UploadRow(version(1), "photos", "cat", 1_000);
        UploadRow later = new UploadRow(version(1), "photos", "cat", 1_500);
        UploadRow other = new UploadRow(version(2), "photos", "cat", 2_000);
        write(transaction -> {
            transaction.putUpload(first);
            transaction.putUpload(other);
            transaction.putUpload(later);
        });
        assertThat(this.<List<UploadRow>>read(snapshot -> snapshot.uploads())).containsExactlyInAnyOrder(later, other);

        write(transaction -> transaction.removeUpload(version(1)));

        assertThat(this.<List<UploadRow>>read(snapshot -> snapshot.uploads())).containsExactly(other);
    }

    @Test
    default void intentsOfARegisterComeOldestFirst() {
        write(transaction -> {
            transaction.putIntent(intent(key("cat"), version(1), 30));
            transaction.putIntent(intent(key("cat"), version(2), 10));
            transaction.putIntent(intent(key("cat"), version(3), 20));
            transaction.putIntent(intent(key("dog"), version(4), 5));
        });

        assertThat(this.<List<IntentRow>>read(snapshot -> snapshot.intents(key("cat"))))
                .extracting(IntentRow::id)
                .containsExactly(version(2), version(3), version(1));
        assertThat(this.<List<IntentRow>>read(snapshot -> snapshot.intents(key("none"))))
                .isEmpty();
    }

    @Test
    default void intentsOfABucketOrOfAllComeByKey() {
        RegisterKey elsewhere = new RegisterKey("notes", 0, "x");
        RegisterKey secondShard = new RegisterKey("photos", 1, "a");
        write(transaction -> {
            transaction.putIntent(intent(key("\uD83D\uDE00"), version(1), 1));
            transaction.putIntent(intent(key("\uE000"), version(2), 2));
            transaction.putIntent(intent(key("\uE000"), version(3), 1));
            transaction.putIntent(intent(secondShard, version(4), 1));
            transaction.putIntent(intent(elsewhere, version(5), 1));
        });

        assertThat(this.<List<IntentRow>>read(snapshot -> snapshot.intents("photos")))
                .extracting(IntentRow::id)
                .containsExactly(version(3), version(2), version(1), version(4));
        assertThat(this.<List<IntentRow>>read(snapshot -> snapshot.intents((String) null)))
                .extracting(IntentRow::id)
                .containsExactly(version(5), version(3), version(2), version(1), version(4));
    }

    @Test
    default void anIntentIsReplacedAndRemovedByKeyAndId() {
        write(transaction -> {
            transaction.putIntent(intent(key("cat"), version(1), 1));
            transaction.putIntent(intent(key("cat"), version(1), 9));
            transaction.putIntent(intent(key("dog"), version(1), 2));
        });
        assertThat(this.<List<IntentRow>>read(snapshot -> snapshot.intents(key("cat"))))
                .usingRecursiveFieldByFieldElementComparator()
                .containsExactly(intent(key("cat"), version(1), 9));

        write(transaction -> transaction.removeIntent(key("cat"), version(1)));

        assertThat(this.<List<IntentRow>>read(snapshot -> snapshot.intents("photos")))
                .extracting(IntentRow::key)
                .containsExactly(key("dog"));
    }

    private static IntentRow intent(RegisterKey key, VersionId id, long time) {
        return new IntentRow(key, id, ballot(time), new byte[] {1, 2});
    }

    @Test
    default void peersAreReplacedById() {
        write(transaction -> {
            transaction.putPeer(peer(1, "node-a"));
            transaction.putPeer(peer(2, "node-b"));
            transaction.putPeer(peer(1, "renamed").withState(MemberState.DEAD));
        });

        assertThat(this.<List<MemberInfo>>read(snapshot -> snapshot.peers()))
                .containsExactlyInAnyOrder(peer(1, "renamed").withState(MemberState.DEAD), peer(2, "node-b"));
    }

    @Test
    default void settingsAreReplacedByName() {
        assertThat(this.<Optional<byte[]>>read(snapshot -> snapshot.setting("clock")))
                .isEmpty();

        write(transaction -> {
            transaction.putSetting("clock", new byte[] {1});
            transaction.putSetting("clock", new byte[] {2});
            transaction.putSetting("empty", new byte[0]);
        });

        assertThat(this.<Optional<byte[]>>read(snapshot -> snapshot.setting("clock")))
                .hasValue(new byte[] {2});
        assertThat(this.<Optional<byte[]>>read(snapshot -> snapshot.setting("empty")))
                .hasValue(new byte[0]);
    }
}
