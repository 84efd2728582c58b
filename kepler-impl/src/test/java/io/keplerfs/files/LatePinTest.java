package io.keplerfs.files;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.replication.ChunkDelivery;
import io.keplerfs.replication.ChunkRef;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Reference;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Messages that overtake each other. */
class LatePinTest {
    /** The node knew no reference of the upload when it was told to drop them, so it remembers nothing that it could refuse. */
    @Test
    void aPinThatArrivesAfterItsOnlyUnpinLeavesNothingForEver() {
        LifeCluster cluster = new LifeCluster(3);
        byte[] content = LifeCluster.content(1);
        cluster.put(1, "other", content);
        ChunkId chunk = LifeCluster.chunks(content).get(0);
        Pin dead = new Pin(new VersionId(new UUID(7, 7)), LifeCluster.BUCKET, "given-up");
        List<NodeId> target = List.of(cluster.node(2).id());
        ChunkDelivery sender = cluster.node(1).parts.delivery();

        cluster.await(sender.unpin(dead.upload(), target));
        cluster.pass(Duration.ofSeconds(5));
        cluster.await(sender.owe(new ChunkRef(chunk, LifeNode.CHUNK), dead, target, "a pin that comes late"));
        cluster.pass(Duration.ofSeconds(5));
        assertThat(cluster.references(2, chunk)).filteredOn(LatePinTest::isDead).isNotEmpty();
        cluster.pass(LifeCluster.DAY.multipliedBy(5));

        assertThat(cluster.references(2, chunk)).filteredOn(LatePinTest::isDead).isEmpty();
        assertThat(cluster.get(3, "other")).isEqualTo(content);
    }

    private static boolean isDead(Reference reference) {
        return reference.pin().key().equals("given-up");
    }
}
