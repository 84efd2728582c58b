package io.keplerfs.files;

import static io.keplerfs.files.LifeCluster.DAY;
import static io.keplerfs.files.LifeCluster.HOUR;
import static io.keplerfs.files.LifeCluster.chunks;
import static io.keplerfs.files.LifeCluster.content;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.spi.Reference;
import io.keplerfs.values.ChunkId;
import java.time.Duration;
import org.junit.jupiter.api.Test;

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
}
