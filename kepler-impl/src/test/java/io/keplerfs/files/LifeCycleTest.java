package io.keplerfs.files;

import static io.keplerfs.files.LifeCluster.DAY;
import static io.keplerfs.files.LifeCluster.HOUR;
import static io.keplerfs.files.LifeCluster.chunks;
import static io.keplerfs.files.LifeCluster.content;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.Durability;
import io.keplerfs.FileInfo;
import io.keplerfs.GetOptions;
import io.keplerfs.KeplerException;
import io.keplerfs.NotFoundException;
import io.keplerfs.PutOptions;
import io.keplerfs.UnavailableException;
import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.replication.ChunkRef;
import io.keplerfs.rpc.Kind;
import io.keplerfs.sim.SimNetwork.Courier;
import io.keplerfs.sim.SimNetwork.Weather;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.View;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Nothing live is ever deleted, nothing dead stays: whole nodes under virtual time, with days of ten minutes. */
class LifeCycleTest {
    @Test
    void aCommittedUploadsReferencesAreConfirmedAtOnce() {
        LifeCluster cluster = new LifeCluster(3);
        byte[] content = content(1);

        cluster.put(1, "a", content);
        cluster.pass(Duration.ofSeconds(2));

        for (ChunkId chunk : chunks(content)) {
            for (int node = 1; node <= 3; node++) {
                assertThat(cluster.references(node, chunk))
                        .extracting(Reference::state)
                        .containsExactly(Reference.State.REF);
            }
        }
    }

    @Test
    void anOverwriteGivesTheOldBytesBackOnEveryNode() {
        LifeCluster cluster = new LifeCluster(3);
        cluster.put(1, "a", content(1));
        cluster.put(2, "a", content(2));
        assertThat(cluster.liveBytes()).isEqualTo(2 * 3 * 350);

        cluster.pass(HOUR.multipliedBy(2));
        assertThat(cluster.liveBytes()).isEqualTo(3 * 350);
        assertThat(cluster.trashBytes()).isEqualTo(3 * 350);

        cluster.pass(DAY);
        assertThat(cluster.trashBytes()).isZero();
        assertThat(cluster.get(3, "a")).isEqualTo(content(2));
    }

    @Test
    void whenEverythingIsDeletedTheDisksAreEmpty() {
        LifeCluster cluster = new LifeCluster(3);
        for (int i = 0; i < 10; i++) {
            cluster.put(1 + i % 3, "file-" + i, content(i / 2));
        }
        for (int i = 0; i < 10; i++) {
            cluster.delete(1 + (i + 1) % 3, "file-" + i);
        }

        cluster.pass(DAY.multipliedBy(5));

        assertThat(cluster.liveBytes() + cluster.trashBytes()).isZero();
        for (int node = 1; node <= 3; node++) {
            assertThat(cluster.<Boolean>look(
                            node, tables -> tables.referencesAfter(null, 1).isEmpty()))
                    .isTrue();
        }
    }

    @Test
    void aConfirmationThatWasLostIsMadeUpForByTheAudit() {
        LifeCluster cluster = new LifeCluster(3);
        cluster.network.courier((from, to, kind) -> kind == Kind.CONFIRM && !from.equals(to) ? Courier.LOST : 0);
        byte[] content = content(1);
        cluster.put(1, "a", content);
        ChunkId chunk = chunks(content).get(0);
        cluster.pass(HOUR);
        assertThat(cluster.references(2, chunk)).extracting(Reference::state).containsExactly(Reference.State.INTENT);

        cluster.pass(DAY.plus(HOUR));

        assertThat(cluster.references(2, chunk)).extracting(Reference::state).containsExactly(Reference.State.REF);
        assertThat(cluster.get(2, "a")).isEqualTo(content);
    }

    /** A small file in one round trip has no ancestors: only the confirmation tells that the old version had happened. */
    @Test
    void anUnconditionalSmallFileOverALargeOneGivesItsSpaceBackToo() {
        LifeCluster cluster = new LifeCluster(3);
        cluster.put(1, "a", content(1));
        cluster.pass(Duration.ofSeconds(5));
        cluster.put(2, "a", new byte[5]);

        cluster.pass(HOUR.multipliedBy(2));

        assertThat(cluster.liveBytes()).isZero();
    }

    @Test
    void anUploadWhoseCoordinatorIsGoneForGoodIsDropped() {
        LifeCluster cluster = new LifeCluster(3);
        cluster.node(1).readDelay = Duration.ofSeconds(1);
        CompletableFuture<FileInfo> put = cluster.putLater(1, "a", content(1));
        cluster.pass(Duration.ofSeconds(4));
        cluster.node(1).crash();
        assertThat(put).isNotDone();
        assertThat(cluster.node(2).store().usage().chunkBytes()).isPositive();

        cluster.pass(DAY.plus(HOUR.multipliedBy(4)));

        assertThat(cluster.node(2).store().usage().chunkBytes()).isZero();
        assertThat(cluster.node(3).store().usage().chunkBytes()).isZero();
    }

    private static void pausedForADay(String fault) {
        LifeCluster cluster = new LifeCluster(3, fault);
        byte[] content = Arrays.copyOf(content(1), 3 * LifeNode.CHUNK);
        cluster.node(1).readDelay = Duration.ofSeconds(1);
        CompletableFuture<FileInfo> put = cluster.putLater(1, "a", content);
        // Every chunk is pinned and stored; the end of the stream is seen a day later.
        cluster.pass(Duration.ofMillis(3500));
        cluster.node(1).readDelay = DAY.plus(HOUR.multipliedBy(3));
        cluster.pass(Duration.ofSeconds(1));
        assertThat(cluster.isLive(2, chunks(content).get(2))).isTrue();
        cluster.node(1).readDelay = Duration.ZERO;
        cluster.pass(DAY.plus(HOUR.multipliedBy(2)));
        assertThat(put).isNotDone();
        assertThat(cluster.references(2, chunks(content).get(0)))
                .extracting(Reference::state)
                .containsExactly(Reference.State.DROPPED);
        cluster.pass(HOUR.multipliedBy(2));

        assertThat(cluster.failureOf(put))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("took too long");
        assertThat(cluster.failureOf(cluster.node(2).bucket().snapshotAsync("a", GetOptions.defaults())))
                .isInstanceOf(NotFoundException.class);
        cluster.pass(DAY);
        assertThat(cluster.liveBytes()).isZero();
    }

    @Test
    void aCoordinatorPausedForADayBetweenPinsAndCommitCanOnlyFail() {
        pausedForADay("NONE");
    }

    @Test
    void aCoordinatorThatCommitsWheneverItLikesIsCaught() {
        assertThatThrownBy(() -> pausedForADay(LifeNode.COMMITS_WHENEVER)).isInstanceOf(AssertionError.class);
    }

    @Test
    void anUploadOfContentThatIsJustBeingCollectedKeepsIt() {
        LifeCluster cluster = new LifeCluster(3);
        byte[] content = content(1);
        for (int round = 0; round < 24; round++) {
            cluster.put(1 + round % 3, "a", content);
            cluster.pass(Duration.ofSeconds(2));
            cluster.delete(1, "a");
            // The collection comes somewhere in this stretch, on each node at its own time.
            cluster.pass(HOUR.minusSeconds(4).plusMillis(round * 1_100));
            cluster.put(2, "b", content);
            cluster.pass(HOUR.multipliedBy(2));

            assertThat(cluster.get(1 + round % 3, "b")).isEqualTo(content);
            for (ChunkId chunk : chunks(content)) {
                for (int node = 1; node <= 3; node++) {
                    assertThat(cluster.isLive(node, chunk)).isTrue();
                }
            }
            cluster.delete(3, "b");
            cluster.pass(Duration.ofSeconds(3));
        }
    }

    private static void storedAndDeletedForEver(PlantedStore planted) {
        LifeCluster cluster = new LifeCluster(3, "NONE", planted::over);
        cluster.network.weather(new Weather(0.02, 0.2, 20));
        byte[] content = content(1);
        for (int round = 0; round < 40; round++) {
            CompletableFuture<FileInfo> other = cluster.putLater(2, "b", content);
            untilStored(cluster, 1, "a", content, cluster.putLater(1, "a", content));
            untilStored(cluster, 2, "b", content, other);
            cluster.delete(round % 2 == 0 ? 3 : 1, "a");
            cluster.pass(Duration.ofSeconds(round * 3L));
            assertThat(cluster.get(3, "b")).isEqualTo(content);
            cluster.delete(2, "b");
        }
        cluster.network.weather(Weather.FINE);

        cluster.pass(DAY.multipliedBy(3));

        assertThat(cluster.liveBytes() + cluster.trashBytes()).isZero();
    }

    /** Where packets are lost a put may be refused, and nothing has happened. */
    private static void untilStored(
            LifeCluster cluster, int node, String key, byte[] content, CompletableFuture<FileInfo> first) {
        CompletableFuture<FileInfo> put = first;
        for (int refused = 0; refused < 5; refused++) {
            try {
                cluster.await(put);
                return;
            } catch (CompletionException failure) {
                assertThat(failure).hasCauseInstanceOf(UnavailableException.class);
                put = cluster.putLater(node, key, content);
            }
        }
        throw new AssertionError(key + " was refused five times in a row");
    }

    @Test
    void twoClientsStoreAndDeleteTheSameContentForEver() {
        storedAndDeletedForEver(PlantedStore.NONE);
    }

    private static void repeatedAndLate(PlantedStore planted) {
        LifeCluster cluster = new LifeCluster(3, "NONE", planted::over);
        cluster.network.weather(new Weather(0, 1, 20));
        byte[] content = content(1);
        ChunkId chunk = chunks(content).get(0);
        cluster.put(1, "a", content);
        cluster.pass(Duration.ofSeconds(2));
        Pin dead = cluster.references(2, chunk).get(0).pin();
        cluster.put(2, "b", content);
        cluster.delete(1, "a");
        cluster.pass(HOUR);

        ChunkDelivery sender = cluster.node(1).parts.delivery();
        cluster.await(sender.unpin(dead.upload(), List.of(cluster.node(2).id())));
        cluster.await(sender.owe(
                new ChunkRef(chunk, LifeNode.CHUNK),
                dead,
                List.of(cluster.node(2).id()),
                "a pin that comes late"));
        cluster.pass(HOUR);

        assertThat(cluster.references(2, chunk))
                .filteredOn(Reference::isLive)
                .singleElement()
                .satisfies(reference -> {
                    assertThat(reference.pin().key()).isEqualTo("b");
                });
        assertThat(cluster.get(3, "b")).isEqualTo(content);
        assertThat(cluster.node(1).parts.queue().waiting()).isZero();
    }

    @Test
    void repeatedAndLatePinsAndUnpinsChangeNothing() {
        repeatedAndLate(PlantedStore.NONE);
    }

    private static void slowReader(PlantedStore planted) {
        LifeCluster cluster = new LifeCluster(3, "NONE", planted::over);
        cluster.put(1, "a", content(1));
        Snapshot opened = (Snapshot) cluster.await(cluster.node(2).bucket().snapshotAsync("a", GetOptions.defaults()));
        cluster.put(1, "a", content(2));
        cluster.pass(HOUR.multipliedBy(4));
        assertThat(cluster.isLive(2, chunks(content(1)).get(0))).isFalse();

        assertThat(cluster.await(opened.read(0, 350))).isEqualTo(content(1));

        cluster.pass(DAY.plus(HOUR.multipliedBy(4)));
        assertThat(cluster.failureOf(opened.read(0, 350)))
                .isInstanceOf(KeplerException.class)
                .hasMessageContaining("files/a");
    }

    @Test
    void aSlowReaderFinishesAcrossOverwriteAndCollectionWithinADay() {
        slowReader(PlantedStore.NONE);
    }

    @Test
    void aFastWriteThatWaitsForMoreThanADayIsStoredAnew() {
        LifeCluster cluster = new LifeCluster(3);
        byte[] content = content(1);
        cluster.await(cluster.putLater(1, "a", content, PutOptions.durability(Durability.FAST)));
        // Chunks get through, the register does not.
        Set<Kind> register = EnumSet.of(Kind.PREPARE, Kind.ACCEPT, Kind.QUERY);
        cluster.network.courier((from, to, kind) ->
                from.equals(cluster.node(1).id()) && !to.equals(from) && register.contains(kind) ? Courier.LOST : 0);
        cluster.await(cluster.putLater(1, "b", content(2), PutOptions.durability(Durability.FAST)));
        cluster.pass(DAY.plus(HOUR.multipliedBy(2)));
        assertThat(cluster.references(2, chunks(content(2)).get(0)))
                .extracting(Reference::state)
                .contains(Reference.State.DROPPED);

        cluster.network.courier((from, to, kind) -> 0);
        cluster.pass(DAY.multipliedBy(2));

        assertThat(cluster.get(3, "a")).isEqualTo(content);
        assertThat(cluster.get(3, "b")).isEqualTo(content(2));
        assertThat(cluster.isLive(2, chunks(content(2)).get(0))).isTrue();
    }

    private static void missedReferences(String fault) {
        LifeCluster cluster = new LifeCluster(3, fault);
        byte[] content = content(1);
        cluster.put(1, "a", content);
        cluster.pass(Duration.ofSeconds(2));
        cluster.delete(1, "a");
        cluster.pass(Duration.ofSeconds(20));
        cluster.network.courier((from, to, kind) ->
                kind == Kind.PIN && to.equals(cluster.node(3).id()) ? Courier.LOST : 0);
        cluster.put(1, "b", content);

        cluster.pass(HOUR.multipliedBy(3));

        for (ChunkId chunk : chunks(content)) {
            assertThat(cluster.isLive(3, chunk)).isTrue();
        }
        assertThat(cluster.get(2, "b")).isEqualTo(content);
    }

    @Test
    void anOwnerThatMissedReferencesLearnsThemFromTheOthersBeforeItCollects() {
        missedReferences("NONE");
    }

    @Test
    void anOwnerThatCollectsWithoutComparingIsCaught() {
        assertThatThrownBy(() -> missedReferences("COLLECT_WITHOUT_COMPARING")).isInstanceOf(AssertionError.class);
    }

    @ParameterizedTest
    @CsvSource({
        "a collection that looks at references too early, COLLECTS_REFERENCED",
        "references that are counted, COUNTS_REFERENCES",
        "references that are never dropped, DROPS_NOTHING",
        "trash that is not kept for a day, KEEPS_NO_TRASH",
        "a copy in the trash that is taken for a live one, TAKES_TRASH_FOR_LIVE"
    })
    void aStoreThatLeavesOutAStepIsCaught(String what, PlantedStore planted) {
        Consumer<PlantedStore> story = switch (planted) {
            case COLLECTS_REFERENCED -> LifeCycleTest::storedWhileCollected;
            case COUNTS_REFERENCES -> LifeCycleTest::repeatedAndLate;
            case DROPS_NOTHING -> LifeCycleTest::storedAndDeletedForEver;
            case KEEPS_NO_TRASH -> LifeCycleTest::slowReader;
            default -> LifeCycleTest::repairedFromTheTrash;
        };

        assertThatThrownBy(() -> story.accept(planted))
                .as(what)
                .isInstanceOfAny(AssertionError.class, CompletionException.class);
    }

    /** Between the last question to the other owners and the collection, the same content is uploaded. */
    private static void storedWhileCollected(PlantedStore planted) {
        List<Runnable> held = new ArrayList<>();
        boolean[] holds = {false};
        LifeCluster cluster = new LifeCluster(3, "NONE", disk -> lateCollection(planted.over(disk), holds, held));
        byte[] content = content(1);
        cluster.put(1, "a", content);
        cluster.delete(1, "a");
        holds[0] = true;
        cluster.pass(HOUR.multipliedBy(2));
        assertThat(held).hasSizeGreaterThanOrEqualTo(3);

        cluster.put(2, "b", content);
        holds[0] = false;
        held.forEach(Runnable::run);
        cluster.pass(Duration.ofSeconds(1));

        for (ChunkId chunk : chunks(content)) {
            for (int node = 1; node <= 3; node++) {
                assertThat(cluster.isLive(node, chunk)).isTrue();
            }
        }
    }

    private static Store lateCollection(Store disk, boolean[] holds, List<Runnable> held) {
        return (Store) Proxy.newProxyInstance(
                Store.class.getClassLoader(), new Class<?>[] {Store.class}, (self, method, given) -> {
                    if (!method.getName().equals("collect") || !holds[0]) {
                        return method.invoke(disk, given);
                    }
                    CompletableFuture<Object> done = new CompletableFuture<>();
                    held.add(() -> collect(disk, given).thenAccept(done::complete));
                    return done;
                });
    }

    @SuppressWarnings("unchecked")
    private static CompletableFuture<Integer> collect(Store disk, Object[] given) {
        return disk.collect((List<ChunkId>) given[0]);
    }

    @Test
    void anUploadBetweenTheLastQuestionAndTheCollectionKeepsItsContent() {
        storedWhileCollected(PlantedStore.NONE);
    }

    /** Two owners have the chunk in the trash and one has none at all when the content is needed again. */
    private static void repairedFromTheTrash(PlantedStore planted) {
        LifeCluster cluster = new LifeCluster(3, "NONE", planted::over);
        byte[] content = content(1);
        cluster.network.courier((from, to, kind) -> (kind == Kind.PIN || kind == Kind.CHUNK_PUT)
                        && to.equals(cluster.node(3).id())
                ? Courier.LOST
                : 0);
        cluster.put(1, "a", content);
        cluster.delete(1, "a");
        cluster.pass(HOUR.multipliedBy(3));
        assertThat(cluster.isLive(1, chunks(content).get(0))).isFalse();
        cluster.put(2, "b", content);
        cluster.network.courier((from, to, kind) -> 0);

        cluster.pass(DAY.multipliedBy(2));

        for (ChunkId chunk : chunks(content)) {
            for (int node = 1; node <= 3; node++) {
                assertThat(cluster.isLive(node, chunk))
                        .as("chunk %s on node %d", chunk, node)
                        .isTrue();
            }
        }
        assertThat(cluster.get(3, "b")).isEqualTo(content);
        assertThat(cluster.node(2).parts.queue().waiting()).isZero();
    }

    @Test
    void aRepairThatRacesWithTheTrashBringsEveryCopyBack() {
        repairedFromTheTrash(PlantedStore.NONE);
    }

    /** Stores and deletes while nodes join; what is left must be whole, what is gone must be gone. */
    @Test
    void nodesJoinDuringAnUploadStormWithCollectionAtOnce() {
        LifeCluster cluster = new LifeCluster(3);
        List<CompletableFuture<FileInfo>> puts = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            puts.add(cluster.putLater(1 + i % 3, "file-" + i, content(i / 2)));
            cluster.pass(Duration.ofMillis(200));
            if (i % 3 == 2) {
                cluster.await(puts.get(i - 2));
                cluster.delete(1 + i % 2, "file-" + (i - 2));
            }
            if (i == 20 || i == 40) {
                cluster.join();
            }
        }
        puts.forEach(cluster::await);

        cluster.pass(DAY.plus(HOUR.multipliedBy(8)));

        Set<ChunkId> needed = new HashSet<>();
        for (int i = 0; i < 60; i++) {
            if (i % 3 != 0) {
                assertThat(cluster.get(4, "file-" + i)).isEqualTo(content(i / 2));
                needed.addAll(chunks(content(i / 2)));
            }
        }
        long bytes = needed.size() / 4 * 350L;
        assertThat(cluster.liveBytes()).as("three copies of each and no more").isEqualTo(3 * bytes);
        assertThat(cluster.trashBytes()).isZero();
    }

    private static void newOwnersThatKnowNothing(String fault) {
        LifeCluster cluster = new LifeCluster(3, fault);
        byte[] content = new byte[40 * LifeNode.CHUNK];
        new Random(7).nextBytes(content);
        cluster.put(1, "a", content);
        cluster.pass(Duration.ofSeconds(2));
        Set<NodeId> old = Set.of(
                cluster.node(1).id(), cluster.node(2).id(), cluster.node(3).id());
        // Nothing about references gets from the old owners to the new ones, nor do their answers.
        Set<Kind> about = EnumSet.of(Kind.PIN, Kind.REFERENCE_PULL, Kind.CHUNK_HELD);
        cluster.network.courier(
                (from, to, kind) -> about.contains(kind) && old.contains(from) != old.contains(to) ? Courier.LOST : 0);
        cluster.join();
        cluster.join();
        View view = cluster.node(4).views.ownership().orElseThrow().current();
        ChunkId chunk = chunks(content).stream()
                .filter(id -> view.ring()
                        .owners(view.ring().partitionOf(id))
                        .containsAll(
                                List.of(cluster.node(4).id(), cluster.node(5).id())))
                .findFirst()
                .orElseThrow();
        int at = chunks(content).indexOf(chunk) * LifeNode.CHUNK;
        for (int node : new int[] {4, 5}) {
            cluster.await(cluster.node(node)
                    .store()
                    .writeChunk(
                            chunk, ByteBuffer.wrap(content, at, LifeNode.CHUNK).slice()));
        }

        cluster.pass(HOUR.multipliedBy(3));

        assertThat(cluster.isLive(4, chunk) && cluster.isLive(5, chunk)).isTrue();
        cluster.network.courier((from, to, kind) -> 0);
        cluster.pass(HOUR.multipliedBy(8));
        assertThat(cluster.references(4, chunk)).extracting(Reference::state).containsExactly(Reference.State.REF);
        assertThat(cluster.get(5, "a")).isEqualTo(content);
    }

    @Test
    void newOwnersCollectNothingBeforeTheyHaveReadTheReferencesOfTheOldOnes() {
        newOwnersThatKnowNothing("NONE");
    }

    @Test
    void newOwnersThatCollectBeforeTheyHaveReadReferencesAreCaught() {
        assertThatThrownBy(() -> newOwnersThatKnowNothing("COLLECT_BEFORE_READING_REFERENCES"))
                .isInstanceOf(AssertionError.class);
    }

    private static void departing(String fault) {
        LifeCluster cluster = new LifeCluster(3, fault);
        byte[] content = new byte[40 * LifeNode.CHUNK];
        new Random(8).nextBytes(content);
        cluster.put(1, "a", content);
        cluster.pass(Duration.ofSeconds(2));
        // The new owner gets references, but no bytes.
        NodeId fourth = new NodeId(new UUID(0, 4));
        cluster.network.courier((from, to, kind) -> kind == Kind.CHUNK_PUT && to.equals(fourth) ? Courier.LOST : 0);
        cluster.join();
        cluster.join();
        cluster.pass(HOUR.multipliedBy(4));

        for (ChunkId chunk : chunks(content)) {
            long copies = IntStream.rangeClosed(1, 5)
                    .filter(node -> cluster.isLive(node, chunk))
                    .count();
            assertThat(copies).isGreaterThanOrEqualTo(3);
        }
        cluster.network.courier((from, to, kind) -> 0);
        cluster.pass(DAY.plus(HOUR.multipliedBy(8)));
        for (ChunkId chunk : chunks(content)) {
            View view = cluster.node(4).views.ownership().orElseThrow().current();
            List<NodeId> owners = view.ring().owners(view.ring().partitionOf(chunk));
            for (int node = 1; node <= 5; node++) {
                assertThat(cluster.isLive(node, chunk))
                        .as("chunk %s on node %d of %s: %s", chunk, node, owners, cluster.references(node, chunk))
                        .isEqualTo(owners.contains(cluster.node(node).id()));
            }
        }
        assertThat(cluster.get(4, "a")).isEqualTo(content);
    }

    @Test
    void aCopyStaysOnANodeThatIsNoOwnerUntilItsOwnersHaveThem() {
        departing("NONE");
    }

    @Test
    void aNodeThatDropsItsCopiesUnseenIsCaught() {
        assertThatThrownBy(() -> departing("DEPART_WITHOUT_VERIFYING")).isInstanceOf(AssertionError.class);
    }
}
