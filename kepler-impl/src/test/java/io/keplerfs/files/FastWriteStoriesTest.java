package io.keplerfs.files;

import static io.keplerfs.files.LifeCluster.DAY;
import static io.keplerfs.files.LifeCluster.HOUR;
import static io.keplerfs.files.LifeCluster.content;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.Conflict;
import io.keplerfs.Durability;
import io.keplerfs.FileInfo;
import io.keplerfs.GetOptions;
import io.keplerfs.ListOptions;
import io.keplerfs.NotFoundException;
import io.keplerfs.PutOptions;
import io.keplerfs.rpc.Kind;
import io.keplerfs.sim.SimNetwork.Courier;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.spi.UploadRow;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Ownership;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What becomes of fast writes, of those that they replace and of their chunks: whole nodes under virtual time. */
class FastWriteStoriesTest {
    private static final PutOptions FAST = PutOptions.durability(Durability.FAST);
    private static final int FILE_BYTES = content(1).length;

    private static void isolate(LifeCluster cluster, int node) {
        NodeId alone = cluster.node(node).id();
        cluster.network.courier(
                (from, to, kind) -> !from.equals(to) && (from.equals(alone) || to.equals(alone)) ? Courier.LOST : 0);
    }

    private static void heal(LifeCluster cluster) {
        cluster.network.courier((from, to, kind) -> 0);
    }

    private static List<Conflict> conflicts(LifeCluster cluster, int node) {
        return cluster.await(cluster.node(node).bucket().conflicts().listAsync(ListOptions.prefix("")))
                .conflicts();
    }

    private static byte[] lost(LifeCluster cluster, int node, Conflict conflict) {
        FileInfo loser = conflict.loser();
        Snapshot snapshot = (Snapshot) cluster.await(cluster.node(node)
                .bucket()
                .conflicts()
                .snapshotAsync(loser.key(), loser.version(), GetOptions.defaults()));
        return cluster.await(snapshot.read(0, (int) loser.sizeBytes()));
    }

    private static boolean isThere(LifeCluster cluster, int node, String key) {
        var head = cluster.node(node).bucket().headAsync(key, GetOptions.defaults());
        cluster.until(head::isDone);
        if (head.isCompletedExceptionally()) {
            assertThat(cluster.failureOf(head)).isInstanceOf(NotFoundException.class);
        }
        return !head.isCompletedExceptionally();
    }

    @Test
    void aFastWriteOverwrittenThroughTheSameNodeGivesItsSpaceBack() {
        LifeCluster cluster = new LifeCluster(3);
        cluster.put(1, "a", content(1));
        cluster.pass(Duration.ofSeconds(5));
        isolate(cluster, 1);
        for (int i = 2; i <= 4; i++) {
            cluster.await(cluster.putLater(1, "a", content(i), FAST));
            cluster.pass(Duration.ofSeconds(5));
        }
        heal(cluster);
        cluster.pass(DAY.multipliedBy(5));

        assertThat(cluster.get(2, "a")).isEqualTo(content(4));
        assertThat(conflicts(cluster, 2)).isEmpty();
        assertThat(cluster.liveBytes()).isEqualTo(3 * FILE_BYTES);
        assertThat(cluster.trashBytes()).isZero();
    }

    @Test
    void aConflictKeepsItsChunksAndGivesThemBackWhenItIsDropped() {
        LifeCluster cluster = new LifeCluster(3);
        isolate(cluster, 1);
        cluster.await(cluster.putLater(1, "a", content(1), FAST));
        cluster.pass(Duration.ofSeconds(1));
        cluster.put(2, "a", content(2));
        heal(cluster);
        cluster.pass(DAY.multipliedBy(3));
        Conflict conflict = conflicts(cluster, 3).get(0);
        assertThat(lost(cluster, 3, conflict)).isEqualTo(content(1));
        assertThat(cluster.liveBytes()).isEqualTo(2 * 3 * FILE_BYTES);

        var dropped = cluster.node(3)
                .bucket()
                .conflicts()
                .dropAsync("a", conflict.loser().version());
        assertThat(cluster.await(dropped)).isTrue();
        cluster.pass(DAY.multipliedBy(3));

        assertThat(cluster.get(1, "a")).isEqualTo(content(2));
        assertThat(cluster.liveBytes()).isEqualTo(3 * FILE_BYTES);
        assertThat(cluster.trashBytes()).isZero();
    }

    /** Each try to end it would make the owners promise anew, and the tombstone would never be old enough to go. */
    @Test
    void aFormerOwnerDoesNotTryForEverToEndAConflictThatHasEnded() {
        LifeCluster cluster = new LifeCluster(3);
        isolate(cluster, 1);
        cluster.await(cluster.putLater(1, "a", content(1), FAST));
        cluster.pass(Duration.ofSeconds(1));
        cluster.put(2, "a", content(2));
        heal(cluster);
        cluster.pass(HOUR);
        Conflict conflict = conflicts(cluster, 3).get(0);
        cluster.join();
        cluster.join();
        var dropped = cluster.node(3)
                .bucket()
                .conflicts()
                .dropAsync("a", conflict.loser().version());
        assertThat(cluster.await(dropped)).isTrue();
        cluster.pass(HOUR);
        RegisterKey record = ConflictRecord.registerOf(
                LifeCluster.BUCKET, "a", conflict.loser().version());
        List<RegisterRow> ended = rows(cluster, record);
        assertThat(ended).filteredOn(RegisterRow::live).as("former owners").isNotEmpty();

        cluster.nodes.forEach(node -> node.process.jump(Duration.ofDays(8)));
        cluster.pass(HOUR.multipliedBy(12));

        assertThat(rows(cluster, record)).isEqualTo(ended);
    }

    private static List<RegisterRow> rows(LifeCluster cluster, RegisterKey register) {
        List<RegisterRow> rows = new ArrayList<>();
        for (int node = 1; node <= cluster.nodes.size(); node++) {
            rows.add(cluster.look(node, tables -> tables.register(register)));
        }
        return rows;
    }

    /** A put of some minutes ago that a fast write has replaced: its upload was committed, so nothing needs to be waited for. */
    @Test
    void aLoserThatWasCommittedGivesItsSpaceBackAtOnce() {
        LifeCluster cluster = new LifeCluster(3);
        isolate(cluster, 1);
        cluster.put(2, "a", content(1));
        cluster.pass(Duration.ofSeconds(1));
        cluster.await(cluster.putLater(1, "a", content(2), FAST));
        cluster.pass(Duration.ofSeconds(5));
        heal(cluster);
        cluster.pass(HOUR);
        Conflict conflict = conflicts(cluster, 3).get(0);
        assertThat(lost(cluster, 3, conflict)).isEqualTo(content(1));

        cluster.await(cluster.node(3)
                .bucket()
                .conflicts()
                .dropAsync("a", conflict.loser().version()));
        cluster.pass(HOUR.multipliedBy(2));

        assertThat(cluster.get(1, "a")).isEqualTo(content(2));
        assertThat(cluster.liveBytes()).isEqualTo(3 * FILE_BYTES);
    }

    /** The version is kept as a conflict just while somebody who knows it overwrites it: nothing of it is lost, nor kept. */
    @Test
    void aVersionThatItsOwnReaderOverwritesMeanwhileIsNoConflict() {
        for (int passing = 1; passing <= 2; passing++) {
            overwrittenWhileItIsKept(passing);
        }
    }

    /** @param passing messages with which the node of the fast write changes something elsewhere, before they are held up */
    private static void overwrittenWhileItIsKept(int passing) {
        LifeCluster cluster = new LifeCluster(3);
        isolate(cluster, 1);
        FileInfo known = cluster.put(2, "a", content(1));
        cluster.pass(Duration.ofSeconds(1));
        cluster.await(cluster.putLater(1, "a", content(2), FAST));
        cluster.pass(Duration.ofSeconds(5));
        NodeId slow = cluster.node(1).id();
        AtomicInteger accepts = new AtomicInteger();
        cluster.network.courier((from, to, kind) -> {
            boolean counts = kind == Kind.ACCEPT && from.equals(slow) && !to.equals(slow);
            return counts && accepts.incrementAndGet() > passing ? Courier.LOST : 0;
        });
        cluster.until(() -> accepts.get() > passing);
        cluster.await(cluster.putLater(2, "a", content(3), PutOptions.ifMatch(known.etag())));
        cluster.pass(Duration.ofSeconds(4));
        heal(cluster);
        cluster.pass(DAY.multipliedBy(3));

        assertThat(cluster.get(3, "a")).isEqualTo(content(3));
        assertThat(conflicts(cluster, 3))
                .as("held up after %d", passing)
                .singleElement()
                .satisfies(conflict -> assertThat(lost(cluster, 3, conflict)).isEqualTo(content(2)));
        assertThat(cluster.liveBytes()).isEqualTo(2 * 3 * FILE_BYTES);
    }

    /** Its coordinator crashed between the ack and the end of its notes, and comes back when the version is a conflict already. */
    @Test
    void anUploadOfUnknownEndIsLeftToTheConflictThatKeepsIt() {
        LifeCluster cluster = new LifeCluster(3);
        isolate(cluster, 1);
        cluster.put(2, "a", content(1));
        Pin pin = cluster.references(2, LifeCluster.chunks(content(1)).get(0))
                .get(0)
                .pin();
        cluster.pass(Duration.ofSeconds(1));
        cluster.await(cluster.putLater(1, "a", content(2), FAST));
        cluster.pass(Duration.ofSeconds(5));
        heal(cluster);
        cluster.pass(HOUR);
        UploadRow note = new UploadRow(pin.upload(), pin.bucket(), pin.key(), 0);
        cluster.await(cluster.node(2).store().write(tables -> {
            tables.putUpload(note);
            return true;
        }));
        cluster.pass(DAY.multipliedBy(3));

        assertThat(cluster.look(2, Store.Snapshot::uploads)).isEmpty();
        assertThat(lost(cluster, 3, conflicts(cluster, 3).get(0))).isEqualTo(content(1));
    }

    @Test
    void aFastWriteOfANodeThatWasEvictedBringsNoDeletedFileBack() {
        LifeCluster cluster = new LifeCluster(4);
        cluster.put(1, "a", content(1));
        isolate(cluster, 4);
        cluster.await(cluster.putLater(4, "a", content(2), FAST));
        cluster.pass(Duration.ofSeconds(1));
        cluster.delete(1, "a");
        cluster.node(4).crash();
        heal(cluster);
        cluster.pass(DAY.plus(DAY));
        assertThat(ownership(cluster).current().has(cluster.node(4).id())).isFalse();
        assertThat(removeTombstones(cluster, "a")).isPositive();

        cluster.node(4).restart();
        rejoin(cluster, 4);
        cluster.pass(Duration.ofMinutes(3));

        for (int node = 1; node <= 4; node++) {
            assertThat(isThere(cluster, node, "a")).isFalse();
        }
        Conflict conflict = conflicts(cluster, 2).get(0);
        assertThat(conflict.winner().uuid().getMostSignificantBits()).isZero();
        assertThat(lost(cluster, 2, conflict)).isEqualTo(content(2));
        assertThat(cluster.<Boolean>look(
                        4, tables -> tables.intents((String) null).isEmpty()))
                .isTrue();
    }

    /** Its word was needed for every tombstone that went, so what it does not find was never deleted. */
    @Test
    void aFastWriteOfANodeThatWasCutOffForDaysAndStayedAMemberIsDelivered() {
        LifeCluster cluster = new LifeCluster(3);
        cluster.put(1, "a", content(1));
        isolate(cluster, 3);
        cluster.await(cluster.putLater(3, "new", content(2), FAST));
        cluster.pass(DAY.multipliedBy(2));
        heal(cluster);
        cluster.pass(DAY);

        assertThat(cluster.get(1, "new")).isEqualTo(content(2));
        assertThat(conflicts(cluster, 2)).isEmpty();
    }

    /**
     * Its node's clock is behind, so it does not give the write another upload in time. Others take the upload for dead and have
     * its references dropped everywhere; but that node alone has acknowledged the write.
     */
    @Test
    void aFastWriteThatOthersTakeForDeadKeepsItsChunksOnItsNode() {
        LifeCluster cluster = new LifeCluster(3);
        // Its stamps go on from here, however far its clock is set back.
        cluster.put(3, "b", content(1));
        cluster.node(3).process.jump(DAY.multipliedBy(3).negated());
        NodeId behind = cluster.node(3).id();
        cluster.network.courier((from, to, kind) ->
                from.equals(behind) && (kind == Kind.PREPARE || kind == Kind.ACCEPT) ? Courier.LOST : 0);
        cluster.await(cluster.putLater(3, "a", content(2), FAST));
        ChunkId chunk = LifeCluster.chunks(content(2)).get(0);
        cluster.pass(HOUR);
        assertThat(cluster.isLive(1, chunk)).isTrue();
        cluster.pass(DAY.multipliedBy(2).plus(HOUR.multipliedBy(4)));

        assertThat(cluster.references(1, chunk))
                .as("taken for dead")
                .isNotEmpty()
                .noneMatch(Reference::isLive);
        assertThat(cluster.isLive(3, chunk)).isTrue();

        cluster.pass(DAY.multipliedBy(2));
        heal(cluster);
        cluster.pass(DAY);

        assertThat(cluster.get(1, "a")).isEqualTo(content(2));
        cluster.pass(DAY.multipliedBy(3));
        assertThat(cluster.liveBytes()).isEqualTo(2 * 3 * FILE_BYTES);
        assertThat(cluster.references(3, chunk)).filteredOn(Reference::isLive).hasSize(1);
    }

    private static Ownership ownership(LifeCluster cluster) {
        return cluster.node(1).views.ownership().orElseThrow();
    }

    /** Of this key on the nodes 1 to 3; how many owners had one. */
    private static int removeTombstones(LifeCluster cluster, String key) {
        int removed = 0;
        for (int node = 1; node <= 3; node++) {
            List<RegisterRow> rows = cluster.look(node, tables -> tombstones(tables, key));
            Ownership now = ownership(cluster);
            LifeNode one = cluster.node(node);
            removed += cluster.await(one.tombstones.remove(rows, now.stage(), now.everybody(), Duration.ofSeconds(5)));
        }
        return removed;
    }

    private static List<RegisterRow> tombstones(Store.Snapshot tables, String key) {
        List<RegisterRow> found = new ArrayList<>();
        for (RegisterRow row : tables.tombstonesAfter(null, 100)) {
            RegisterKey register = row.key();
            if (register.bucket().equals(LifeCluster.BUCKET) && register.key().equals(key)) {
                found.add(row);
            }
        }
        return found;
    }

    private static void rejoin(LifeCluster cluster, int number) {
        LifeNode back = cluster.node(number);
        LifeNode first = cluster.node(1);
        cluster.until(() -> back.parts != null && !back.parts.rpc().equals(first.rpc));
        back.founding.met(first.info(), first.founding.card());
        cluster.until(() -> ownership(cluster).next().isEmpty()
                && ownership(cluster).current().has(back.id()));
    }
}
