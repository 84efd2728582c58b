package io.keplerfs.files;

import static io.keplerfs.files.LifeCluster.BUCKET;
import static io.keplerfs.files.LifeCluster.chunks;
import static io.keplerfs.files.LifeCluster.content;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.RepairWork;
import io.keplerfs.spi.AcceptedBallot;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.DigestCell;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Reference;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.RegisterRow;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What no message and no queue has brought to an owner, anti-entropy does: whole nodes under virtual time. */
class AntiEntropyTest {
    private static final Duration A_ROUND = Duration.ofMinutes(12);

    private static List<AcceptedBallot> registers(LifeCluster cluster, int node) {
        return cluster.look(node, tables -> tables.registersAfter(null, Integer.MAX_VALUE)).stream()
                .filter(DigestCell::counts)
                .map(row -> new AcceptedBallot(row.key(), row.accepted()))
                .toList();
    }

    /** Live references to chunks that are there. */
    private static Set<String> held(LifeCluster cluster, int node) {
        Set<String> held = new TreeSet<>();
        for (Reference reference : cluster.look(node, tables -> tables.referencesAfter(null, Integer.MAX_VALUE))) {
            if (reference.isLive() && cluster.isLive(node, reference.chunk())) {
                held.add(reference.chunk() + " for " + reference.pin());
            }
        }
        return held;
    }

    private static void wipeQueue(LifeCluster cluster, int node) {
        cluster.await(cluster.node(node).store().write(tables -> {
            tables.due(null, Long.MAX_VALUE, Integer.MAX_VALUE)
                    .forEach(task -> tables.dequeue(task.kind(), task.id(), task.target()));
            return true;
        }));
    }

    private static RegisterRow row(LifeCluster cluster, int node, String key) {
        return cluster.look(node, tables -> tables.registersAfter(null, Integer.MAX_VALUE)).stream()
                .filter(row ->
                        row.key().bucket().equals(BUCKET) && row.key().key().equals(key))
                .findFirst()
                .orElse(RegisterRow.untouched(new RegisterKey(BUCKET, 0, key)));
    }

    private static void change(LifeCluster cluster, int node, java.util.function.Consumer<Store.Transaction> change) {
        cluster.await(cluster.node(node).store().write(tables -> {
            change.accept(tables);
            return true;
        }));
    }

    private static void loseChunk(LifeCluster cluster, int node, ChunkId chunk) {
        change(cluster, node, tables -> tables.forgetReferences(chunk));
        cluster.await(cluster.node(node).store().collect(List.of(chunk)));
        cluster.await(cluster.node(node).store().purge(Long.MAX_VALUE));
        assertThat(cluster.isLive(node, chunk)).isFalse();
    }

    @Test
    void deletingTheReplicationQueueLosesNothing() {
        LifeCluster cluster = new LifeCluster(3);
        cluster.put(1, "overwritten", content(100));
        cluster.put(1, "deleted", content(101));
        cluster.node(3).crash();
        for (int i = 0; i < 8; i++) {
            cluster.put(1 + i % 2, "large-" + i, content(i));
            cluster.put(1 + i % 2, "small-" + i, new byte[5]);
        }
        cluster.put(2, "overwritten", content(102));
        cluster.delete(1, "deleted");
        cluster.pass(Duration.ofMinutes(2));
        wipeQueue(cluster, 1);
        wipeQueue(cluster, 2);
        wipeQueue(cluster, 3);
        assertThat(registers(cluster, 3)).isNotEqualTo(registers(cluster, 1));

        cluster.node(3).restart();
        cluster.pass(Duration.ofSeconds(30));

        assertThat(registers(cluster, 3)).isEqualTo(registers(cluster, 1)).isEqualTo(registers(cluster, 2));
        assertThat(held(cluster, 1)).isEqualTo(held(cluster, 2)).hasSize(9 * 4);
        assertThat(held(cluster, 3)).containsAll(held(cluster, 1));
        assertThat(cluster.get(3, "large-3")).isEqualTo(content(3));
    }

    @Test
    void oneLostRowIsFound() {
        LifeCluster cluster = new LifeCluster(3);
        for (int i = 0; i < 20; i++) {
            cluster.put(1, "file-" + i, new byte[5]);
        }
        cluster.pass(Duration.ofMinutes(2));
        Ballot accepted = row(cluster, 2, "file-7").accepted();
        change(
                cluster,
                2,
                tables -> tables.removeRegister(row(cluster, 1, "file-7").key()));

        cluster.pass(A_ROUND);

        assertThat(row(cluster, 2, "file-7").accepted()).isEqualTo(accepted);
    }

    @Test
    void anOlderRowIsBroughtUpToDate() {
        LifeCluster cluster = new LifeCluster(3);
        cluster.put(1, "a", new byte[5]);
        RegisterRow old = row(cluster, 2, "a");
        cluster.put(1, "a", new byte[6]);
        cluster.pass(Duration.ofMinutes(2));
        change(cluster, 2, tables -> tables.putRegister(old));

        cluster.pass(A_ROUND);

        assertThat(registers(cluster, 2)).isEqualTo(registers(cluster, 1));
    }

    /** A promise that no accept has followed refuses the late accept: the value is written anew above it. */
    @Test
    void aRowBehindAnAbandonedPromiseIsBroughtUpToDate() {
        LifeCluster cluster = new LifeCluster(3);
        cluster.put(1, "a", new byte[5]);
        RegisterRow good = row(cluster, 1, "a");
        cluster.pass(Duration.ofMinutes(2));
        Ballot promised = new Ballot(good.accepted().time() + 1, good.accepted().node());
        change(
                cluster,
                2,
                tables -> tables.putRegister(
                        new RegisterRow(good.key(), promised, Ballot.ZERO, new byte[0], new byte[0], false)));

        cluster.pass(A_ROUND.multipliedBy(2));

        assertThat(registers(cluster, 2)).isEqualTo(registers(cluster, 1)).isEqualTo(registers(cluster, 3));
        assertThat(row(cluster, 2, "a").live()).isTrue();
        assertThat(cluster.get(2, "a")).hasSize(5);
    }

    @Test
    void oneLostChunkIsFound() {
        LifeCluster cluster = new LifeCluster(3);
        cluster.put(1, "a", content(1));
        cluster.pass(Duration.ofMinutes(2));
        Set<String> before = held(cluster, 2);
        loseChunk(cluster, 2, chunks(content(1)).get(1));

        cluster.pass(A_ROUND);

        assertThat(held(cluster, 2)).isEqualTo(before).hasSize(4);
    }

    @Test
    void aReferenceWithoutBytesIsFound() {
        LifeCluster cluster = new LifeCluster(3);
        cluster.put(1, "a", content(1));
        cluster.pass(Duration.ofMinutes(2));
        Set<String> before = held(cluster, 2);
        ChunkId chunk = chunks(content(1)).get(1);
        Reference reference = cluster.references(2, chunk).get(0);
        loseChunk(cluster, 2, chunk);
        change(cluster, 2, tables -> tables.copyReference(reference));

        cluster.pass(A_ROUND);

        assertThat(held(cluster, 2)).isEqualTo(before);
    }

    /** One owner has missed that an upload was dropped: it is left to the audit, and nobody gets the chunk back. */
    @Test
    void whatWasDroppedIsNotBroughtBack() {
        LifeCluster cluster = new LifeCluster(3);
        cluster.put(1, "a", content(1));
        cluster.pass(Duration.ofMinutes(2));
        ChunkId chunk = chunks(content(1)).get(1);
        Pin pin = cluster.references(2, chunk).get(0).pin();
        change(cluster, 2, tables -> tables.unpin(pin.upload()));

        cluster.pass(A_ROUND);

        assertThat(cluster.references(2, chunk)).extracting(Reference::state).containsExactly(Reference.State.DROPPED);
        assertThat(cluster.references(1, chunk)).extracting(Reference::state).containsExactly(Reference.State.REF);
    }

    @Test
    void aTombstoneThatOneOwnerHasNotRemovedDoesNotComeBack() {
        LifeCluster cluster = new LifeCluster(3);
        cluster.put(1, "a", new byte[5]);
        cluster.delete(1, "a");
        cluster.pass(Duration.ofMinutes(2));
        RegisterRow tombstone = row(cluster, 2, "a");
        assertThat(tombstone.live()).isFalse();
        var ownership = cluster.node(1).views.ownership().orElseThrow();
        assertThat(cluster.await(cluster.node(1)
                        .tombstones
                        .remove(List.of(tombstone), ownership.stage(), ownership.everybody(), Duration.ofSeconds(5))))
                .isEqualTo(1);
        change(cluster, 2, tables -> tables.putRegister(tombstone));

        cluster.pass(A_ROUND);

        assertThat(row(cluster, 1, "a").accepted().isZero()).isTrue();
        assertThat(row(cluster, 3, "a").accepted().isZero()).isTrue();
    }

    @Test
    void itCanBeHeldUpAndBegunAtOnce() {
        LifeCluster cluster = new LifeCluster(3);
        cluster.put(1, "a", new byte[5]);
        cluster.pass(Duration.ofMinutes(2));
        cluster.node(2).antiEntropy.pause();
        RegisterKey key = row(cluster, 1, "a").key();
        change(cluster, 2, tables -> tables.removeRegister(key));
        cluster.pass(A_ROUND.multipliedBy(2));
        assertThat(row(cluster, 2, "a").live()).isFalse();
        assertThat(cluster.node(2).antiEntropy.progress().state()).isEqualTo(RepairWork.State.PAUSED);

        cluster.node(2).antiEntropy.startNow();
        cluster.pass(Duration.ofSeconds(5));

        assertThat(row(cluster, 2, "a").live()).isTrue();
        RepairWork after = cluster.node(2).antiEntropy.progress();
        assertThat(after.name()).isEqualTo("anti-entropy");
        assertThat(after.state()).isEqualTo(RepairWork.State.WAITING);
        assertThat(after.lastFinished()).isPresent();
    }
}
