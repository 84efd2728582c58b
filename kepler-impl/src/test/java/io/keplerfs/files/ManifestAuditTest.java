package io.keplerfs.files;

import static io.keplerfs.files.LifeCluster.DAY;
import static io.keplerfs.files.LifeCluster.HOUR;
import static io.keplerfs.files.LifeCluster.chunks;
import static io.keplerfs.files.LifeCluster.content;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.keplerfs.Conflict;
import io.keplerfs.Durability;
import io.keplerfs.ListOptions;
import io.keplerfs.PutOptions;
import io.keplerfs.RepairWork;
import io.keplerfs.rpc.Kind;
import io.keplerfs.sim.SimNetwork.Courier;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.wire.WireWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What the weekly audit finds and mends, and that it harms nothing: whole nodes under virtual time. */
class ManifestAuditTest {
    private static void forget(LifeCluster cluster, int node, ChunkId chunk) {
        cluster.await(cluster.node(node).store().write(tables -> {
            tables.forgetReferences(chunk);
            return true;
        }));
    }

    /** References and bytes. */
    private static void lose(LifeCluster cluster, int node, ChunkId chunk) {
        Store store = cluster.node(node).store();
        forget(cluster, node, chunk);
        cluster.await(store.collect(List.of(chunk)));
        cluster.await(store.purge(Long.MAX_VALUE));
        assertThat(cluster.isLive(node, chunk)).isFalse();
    }

    private static void audit(LifeCluster cluster) {
        cluster.nodes.forEach(node -> node.process.execute(node.audit::startNow));
        cluster.pass(Duration.ofMillis(10));
        cluster.until(() ->
                cluster.nodes.stream().allMatch(node -> node.audit.progress().state() == RepairWork.State.WAITING));
        cluster.pass(Duration.ofSeconds(5));
    }

    private static long found(LifeCluster cluster) {
        return cluster.nodes.stream()
                .mapToLong(node -> node.audit.progress().found())
                .sum();
    }

    private static long done(LifeCluster cluster) {
        return cluster.nodes.stream()
                .mapToLong(node -> node.audit.progress().done())
                .sum();
    }

    private static boolean isWhole(LifeCluster cluster, ChunkId chunk) {
        for (int node = 1; node <= cluster.nodes.size(); node++) {
            if (!cluster.isLive(node, chunk)
                    || cluster.references(node, chunk).stream().noneMatch(Reference::isLive)) {
                return false;
            }
        }
        return true;
    }

    private static LifeCluster withFile(byte[] content) {
        LifeCluster cluster = new LifeCluster(3);
        cluster.put(1, "a", content);
        cluster.pass(HOUR.plusSeconds(1));
        return cluster;
    }

    private static List<String> warningsOf(Runnable story) {
        Logger logger = (Logger) LoggerFactory.getLogger("io.keplerfs.repair.NeedCheck");
        ListAppender<ILoggingEvent> heard = new ListAppender<>();
        heard.start();
        logger.addAppender(heard);
        try {
            story.run();
        } finally {
            logger.detachAppender(heard);
        }
        return heard.list.stream()
                .filter(event -> event.getLevel() == Level.WARN)
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    @Test
    void referencesThatEveryOwnerHasLostComeBackBeforeTheChunkIsCollected() {
        LifeCluster cluster = withFile(content(1));
        ChunkId chunk = chunks(content(1)).get(1);
        for (int node = 1; node <= 3; node++) {
            forget(cluster, node, chunk);
        }

        audit(cluster);
        assertThat(isWhole(cluster, chunk)).isTrue();
        assertThat(found(cluster)).isEqualTo(1);

        cluster.pass(DAY.plus(HOUR.multipliedBy(3)));
        for (int node = 1; node <= 3; node++) {
            assertThat(cluster.references(node, chunk))
                    .extracting(Reference::state)
                    .containsExactly(Reference.State.REF);
        }
        assertThat(cluster.get(2, "a")).isEqualTo(content(1));
    }

    @Test
    void withoutTheAuditSuchAChunkIsCollected() {
        LifeCluster cluster = withFile(content(1));
        ChunkId chunk = chunks(content(1)).get(1);
        cluster.nodes.forEach(node -> node.process.execute(node.audit::pause));
        for (int node = 1; node <= 3; node++) {
            forget(cluster, node, chunk);
        }

        cluster.pass(HOUR.multipliedBy(2));

        assertThat(cluster.isLive(1, chunk) || cluster.isLive(2, chunk) || cluster.isLive(3, chunk))
                .isFalse();
    }

    @Test
    void itBeginsByItselfOnceAWeek() {
        LifeCluster cluster = withFile(content(1));
        ChunkId chunk = chunks(content(1)).get(1);
        lose(cluster, 2, chunk);

        cluster.pass(LifeCluster.AGES.audit().plus(HOUR));

        assertThat(isWhole(cluster, chunk)).isTrue();
        assertThat(cluster.node(1).audit.progress().lastFinished()).isPresent();
    }

    @Test
    void anOwnerThatLostTheBytesGetsThemAgain() {
        LifeCluster cluster = withFile(content(1));
        ChunkId chunk = chunks(content(1)).get(2);
        lose(cluster, 1, chunk);
        lose(cluster, 3, chunk);

        audit(cluster);

        assertThat(isWhole(cluster, chunk)).isTrue();
    }

    @Test
    void aChunkInTheTrashOfEveryOwnerIsBroughtBack() {
        LifeCluster cluster = withFile(content(1));
        ChunkId chunk = chunks(content(1)).get(0);
        for (int node = 1; node <= 3; node++) {
            forget(cluster, node, chunk);
            cluster.await(cluster.node(node).store().collect(List.of(chunk)));
        }

        assertThat(warningsOf(() -> audit(cluster))).isEmpty();

        assertThat(isWhole(cluster, chunk)).isTrue();
    }

    @Test
    void aChunkThatNobodyHasIsReportedAndTheRestStays() {
        LifeCluster cluster = withFile(content(1));
        ChunkId chunk = chunks(content(1)).get(2);
        for (int node = 1; node <= 3; node++) {
            lose(cluster, node, chunk);
        }

        List<String> warnings = warningsOf(() -> audit(cluster));

        assertThat(warnings)
                .singleElement()
                .satisfies(line -> assertThat(line).contains("1 chunks of files/a ", "on no node", chunk.toString()));
        assertThat(found(cluster)).isEqualTo(1);
        assertThat(isWhole(cluster, chunks(content(1)).get(0))).isTrue();
        assertThat(cluster.look(1, Store.Snapshot::queued))
                .as("no task that can never succeed")
                .isZero();
    }

    @Test
    void aChunkThatASilentNodeMayHaveIsNotCalledLost() {
        LifeCluster cluster = withFile(content(1));
        ChunkId chunk = chunks(content(1)).get(2);
        lose(cluster, 1, chunk);
        lose(cluster, 2, chunk);
        NodeId silent = cluster.node(3).id();
        cluster.network.courier((from, to, kind) -> kind == Kind.CHUNK_NEEDS && to.equals(silent) ? Courier.LOST : 0);

        assertThat(warningsOf(() -> {
                    cluster.node(1).process.execute(cluster.node(1).audit::startNow);
                    cluster.node(2).process.execute(cluster.node(2).audit::startNow);
                    cluster.pass(Duration.ofMinutes(1));
                }))
                .isEmpty();
    }

    @Test
    void aReferenceThatWasDroppedThoughItsFileNeedsItIsReported() {
        LifeCluster cluster = withFile(content(1));
        ChunkId chunk = chunks(content(1)).get(0);
        Reference reference = cluster.references(2, chunk).get(0);
        cluster.await(cluster.node(2)
                .store()
                .write(tables -> tables.unpin(reference.pin().upload())));

        assertThat(warningsOf(() -> audit(cluster)))
                .singleElement()
                .satisfies(line -> assertThat(line).contains("count as dropped", "files/a"));
    }

    @Test
    void indexChunksOfLargeFilesAndWhatTheyListAreLookedAt() {
        byte[] large = new byte[(Upload.MOST_DIRECT_IDS + 5) * LifeNode.CHUNK];
        new Random(3).nextBytes(large);
        LifeCluster cluster = withFile(large);
        List<ChunkId> data = chunks(large);
        byte[] ids = new byte[3 * ChunkId.BYTES];
        for (int i = 0; i < 3; i++) {
            System.arraycopy(data.get(9 + i).bytes(), 0, ids, i * ChunkId.BYTES, ChunkId.BYTES);
        }
        ChunkId index = ChunkId.of(ByteBuffer.wrap(ids));
        lose(cluster, 1, index);
        lose(cluster, 2, index);
        lose(cluster, 3, data.get(700));

        audit(cluster);

        assertThat(found(cluster)).isEqualTo(2);
        assertThat(isWhole(cluster, index)).isTrue();
        assertThat(isWhole(cluster, data.get(700))).isTrue();
    }

    @Test
    void theLoserOfAConflictIsLookedAtToo() {
        LifeCluster cluster = new LifeCluster(3);
        NodeId first = cluster.node(1).id();
        cluster.network.courier((from, to, kind) -> from.equals(first) != to.equals(first) ? Courier.LOST : 0);
        cluster.await(cluster.putLater(1, "a", content(1), PutOptions.durability(Durability.FAST)));
        cluster.pass(Duration.ofSeconds(1));
        cluster.put(2, "a", content(2));
        cluster.network.courier((from, to, kind) -> 0);
        cluster.pass(HOUR.multipliedBy(3));
        List<Conflict> conflicts = cluster.await(
                        cluster.node(2).bucket().conflicts().listAsync(ListOptions.prefix("")))
                .conflicts();
        assertThat(conflicts).hasSize(1);
        ChunkId chunk = chunks(content(1)).get(0);
        for (int node = 1; node <= 3; node++) {
            forget(cluster, node, chunk);
        }

        audit(cluster);

        assertThat(isWhole(cluster, chunk)).isTrue();
    }

    @Test
    void aClusterWithoutGapsIsLeftAsItIs() {
        LifeCluster cluster = withFile(content(1));
        cluster.put(2, "b", content(2));
        cluster.delete(3, "b");
        cluster.pass(HOUR.dividedBy(2));
        List<List<Reference>> before = everyReference(cluster);
        long live = cluster.liveBytes();

        audit(cluster);

        assertThat(everyReference(cluster)).isEqualTo(before);
        assertThat(cluster.liveBytes()).isEqualTo(live);
        assertThat(found(cluster)).isZero();
    }

    private static List<List<Reference>> everyReference(LifeCluster cluster) {
        List<List<Reference>> all = new ArrayList<>();
        for (int node = 1; node <= 3; node++) {
            all.add(cluster.look(node, tables -> tables.referencesAfter(null, 1000)));
        }
        return all;
    }

    /** What the audit owes arrives a day later, when the version is long replaced and dropped everywhere. */
    @Test
    void aReferenceThatIsAddedTooLateGoesAgain() {
        LifeCluster cluster = withFile(content(1));
        for (ChunkId chunk : chunks(content(1))) {
            lose(cluster, 3, chunk);
        }
        NodeId third = cluster.node(3).id();
        cluster.network.courier((from, to, kind) ->
                (kind == Kind.PIN || kind == Kind.CHUNK_PUT) && to.equals(third) && !from.equals(third)
                        ? Courier.LOST
                        : 0);
        audit(cluster);
        assertThat(found(cluster)).isEqualTo(4);
        cluster.put(1, "a", content(2));
        cluster.pass(HOUR.multipliedBy(2));
        cluster.network.courier((from, to, kind) -> 0);
        cluster.pass(HOUR.multipliedBy(3));
        assertThat(cluster.references(3, chunks(content(1)).get(0))).isNotEmpty();

        cluster.pass(DAY.multipliedBy(4));

        assertThat(cluster.liveBytes()).isEqualTo(3 * content(2).length);
        assertThat(cluster.trashBytes()).isZero();
        assertThat(cluster.references(3, chunks(content(1)).get(0))).isEmpty();
    }

    @Test
    void eachVersionIsLookedAtByOneOwnerAndARestartGoesOn() {
        LifeCluster cluster = new LifeCluster(3);
        int files = 700;
        for (int i = 0; i < files; i += 50) {
            List<java.util.concurrent.CompletableFuture<?>> puts = new ArrayList<>();
            for (int j = i; j < i + 50; j++) {
                puts.add(cluster.putLater(1 + j % 3, "file-" + j, content(j)));
            }
            puts.forEach(cluster::await);
        }
        cluster.pass(HOUR.plusSeconds(1));
        cluster.nodes.forEach(node -> node.process.execute(node.audit::startNow));
        LifeNode second = cluster.node(2);
        cluster.until(() -> second.audit.progress().done() > 0);
        long done = second.audit.progress().done();
        cluster.pass(Duration.ofMillis(20));
        assertThat(second.audit.progress().state()).isEqualTo(RepairWork.State.RUNNING);

        second.crash();
        cluster.pass(Duration.ofSeconds(1));
        second.restart();
        cluster.until(() -> second.audit != null && second.audit.progress().done() > 0);
        assertThat(second.audit.progress().done()).as("goes on").isGreaterThanOrEqualTo(done);
        cluster.until(() ->
                cluster.nodes.stream().allMatch(node -> node.audit.progress().state() == RepairWork.State.WAITING));

        assertThat(done(cluster)).isEqualTo(files);
        assertThat(found(cluster)).isZero();
    }

    @Test
    void aPausedRoundGoesOnWhenItIsResumed() {
        LifeCluster cluster = withFile(content(1));
        ChunkId chunk = chunks(content(1)).get(2);
        lose(cluster, 2, chunk);
        for (LifeNode node : cluster.nodes) {
            node.process.execute(() -> {
                node.audit.startNow();
                node.audit.pause();
            });
        }
        cluster.pass(Duration.ofSeconds(10));
        assertThat(cluster.node(1).audit.progress().state()).isEqualTo(RepairWork.State.PAUSED);
        assertThat(isWhole(cluster, chunk)).isFalse();

        cluster.nodes.forEach(node -> node.process.execute(node.audit::resume));
        cluster.pass(Duration.ofSeconds(10));

        assertThat(isWhole(cluster, chunk)).isTrue();
    }

    private static void restartWith(LifeCluster cluster, LifeNode node, byte[] setting) {
        cluster.await(node.store().write(tables -> {
            tables.putSetting("audit", setting);
            return true;
        }));
        node.crash();
        node.restart();
        cluster.pass(Duration.ofMinutes(2));
    }

    @Test
    void aRoundThatBeganWithAClockAYearAheadDoesNotPutTheNextOneOff() {
        LifeCluster cluster = withFile(content(3));
        LifeNode node = cluster.node(1);
        long ahead = node.process.wallMillis() + Duration.ofDays(365).toMillis();
        WireWriter round =
                new WireWriter().int64(ahead).int64(ahead).bool(false).bool(false);
        for (int count = 0; count < 5; count++) {
            round.int64(0);
        }

        restartWith(cluster, node, round.toBytes());

        assertThat(node.audit.progress().lastFinished())
                .hasValueSatisfying(ended -> assertThat(ended.toEpochMilli()).isLessThan(ahead));
    }

    @Test
    void aDamagedMarkOfHowFarItIsBeginsAnew() {
        LifeCluster cluster = withFile(content(3));
        LifeNode node = cluster.node(1);

        restartWith(cluster, node, new byte[] {1, 2, 3});
        node.process.execute(node.audit::startNow);
        cluster.pass(Duration.ofMinutes(2));

        assertThat(node.audit.progress().lastFinished()).isPresent();
    }
}
