package io.keplerfs.files;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.MemberState;
import io.keplerfs.values.NodeAddress;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.View;
import io.keplerfs.view.ViewMember;
import io.keplerfs.wire.WireWriter;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** A node that was not there during some views, in which others owned what it holds. */
class SkippedViewsTest {
    /**
     * Node 3 was away in views that node 1 never saw, and what others owed it was forgotten with it. To node 1 it looks as if it
     * had owned all the time.
     */
    @Test
    void anOwnerThatWasNoneInASkippedViewGetsItsCopies() {
        LifeCluster cluster = new LifeCluster(3);
        byte[] content = LifeCluster.content(1);
        cluster.put(1, "file", content);
        cluster.pass(Duration.ofSeconds(5));
        ChunkId chunk = LifeCluster.chunks(content).get(0);
        loses(cluster, 3, chunk);
        cluster.node(1).crash();
        rebalancedUpTo(cluster, 1, epoch(cluster) - 2);

        cluster.node(1).restart();

        cluster.until(() -> cluster.isLive(3, chunk));
        assertThat(cluster.references(3, chunk)).hasSize(1);
    }

    @Test
    void afterTheNextViewOnlyNewOwnersAreAsked() {
        LifeCluster cluster = new LifeCluster(3);
        byte[] content = LifeCluster.content(1);
        cluster.put(1, "file", content);
        cluster.pass(Duration.ofSeconds(5));
        ChunkId chunk = LifeCluster.chunks(content).get(0);
        loses(cluster, 3, chunk);
        cluster.node(1).crash();
        rebalancedUpTo(cluster, 1, epoch(cluster) - 1);

        cluster.node(1).restart();
        cluster.pass(Duration.ofSeconds(30));

        assertThat(cluster.isLive(3, chunk)).isFalse();
    }

    /** Drained, replaced, evicted for good: nobody will ever say what they knew. */
    @Test
    void aNodeWhoseLastKnownOwnersAreGoneForGoodCollectsAllTheSame() {
        LifeCluster cluster = new LifeCluster(3);
        byte[] content = LifeCluster.content(1);
        cluster.put(1, "file", content);
        cluster.pass(Duration.ofSeconds(5));
        cluster.node(1).crash();
        List<ViewMember> gone =
                LongStream.range(100, 103).mapToObj(SkippedViewsTest::stranger).toList();
        note(cluster, 1, "references", epoch(cluster) - 1, gone);

        cluster.node(1).restart();
        cluster.pass(Duration.ofSeconds(30));
        cluster.delete(2, "file");
        cluster.pass(LifeCluster.DAY.multipliedBy(2));

        assertThat(cluster.liveBytes() + cluster.trashBytes()).isZero();
    }

    private static ViewMember stranger(long number) {
        return ViewMember.of(new MemberInfo(
                new NodeId(new UUID(9, number)),
                "gone" + number,
                "",
                1,
                new NodeAddress("gone" + number, 0, 1, 1),
                1,
                MemberState.ALIVE));
    }

    private static void loses(LifeCluster cluster, int node, ChunkId chunk) {
        Store store = cluster.node(node).store();
        cluster.await(store.write(tables -> {
            tables.forgetReferences(chunk);
            return true;
        }));
        cluster.await(store.collect(List.of(chunk)));
        cluster.await(store.purge(Long.MAX_VALUE));
    }

    private static long epoch(LifeCluster cluster) {
        return cluster.node(2).views.ownership().orElseThrow().current().epoch();
    }

    /** As if the node had last looked at an earlier view of the same owners. */
    private static void rebalancedUpTo(LifeCluster cluster, int node, long epoch) {
        List<ViewMember> members =
                cluster.node(2).views.ownership().orElseThrow().current().members();
        note(cluster, node, "rebalanced", epoch, members);
    }

    private static void note(LifeCluster cluster, int node, String setting, long epoch, List<ViewMember> members) {
        View now = cluster.node(2).views.ownership().orElseThrow().current();
        WireWriter written = new WireWriter();
        new View(now.clusterId(), now.replication(), epoch, members).write(written);
        cluster.await(cluster.node(node).store().write(tables -> {
            tables.putSetting(setting, written.toBytes());
            return true;
        }));
    }
}
