package io.keplerfs.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.Bucket;
import io.keplerfs.InMemoryNetwork;
import io.keplerfs.KeplerNode;
import io.keplerfs.KeplerOptions;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.ViewStatus;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Drains of whole nodes with their chunks. */
class DrainTest {
    private static final int CHUNK = 64 * 1024;
    private static final int FILES = 25;

    private final InMemoryNetwork network = InMemoryNetwork.create();
    private final List<KeplerNode> nodes = new ArrayList<>();

    @AfterEach
    void closeNodes() {
        nodes.forEach(KeplerNode::close);
    }

    private void start(int size) throws Exception {
        for (int i = 0; i < size; i++) {
            var options = KeplerOptions.inMemory("n" + i, network).chunkSizeBytes(CHUNK);
            if (i > 0) {
                options.seeds("127.0.0.1:4000");
            }
            nodes.add(KeplerNode.start(options.build()));
        }
        Awaitility.await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            for (KeplerNode node : nodes) {
                ViewStatus view = node.cluster().views().status();
                assertThat(view.settled()).isTrue();
                assertThat(view.members()).hasSize(size);
            }
        });
    }

    private static byte[] content(int file) {
        byte[] bytes = new byte[CHUNK + file];
        new Random(file).nextBytes(bytes);
        return bytes;
    }

    @Test
    void aDrainedNodeCanBeClosedAndEveryFileStillHasAllItsCopies() throws Exception {
        start(4);
        Bucket bucket = nodes.get(0).cluster().createBucket("files");
        for (int i = 0; i < FILES; i++) {
            bucket.put("file-" + i, content(i));
        }
        KeplerNode leaving = nodes.get(3);
        List<Long> left = new ArrayList<>();

        leaving.drain(left::add);

        assertThat(left.get(left.size() - 1)).isZero();
        ViewStatus view = leaving.cluster().views().status();
        assertThat(view.members()).extracting(ViewStatus.Member::id).doesNotContain(leaving.id());
        assertThat(view.departed()).containsExactly(leaving.id());
        leaving.close();
        // Three nodes and three copies: each of them has every chunk, two of each file.
        assertThat(nodes.get(0).cluster().members())
                .filteredOn(member -> !member.id().equals(leaving.id()))
                .hasSize(3)
                .allSatisfy(member -> assertThat(member.chunks()).isEqualTo(2 * FILES - 1));
        nodes.get(1).close();
        for (int i = 0; i < FILES; i++) {
            try (InputStream in = nodes.get(2).cluster().bucket("files").open("file-" + i)) {
                assertThat(in.readAllBytes()).isEqualTo(content(i));
            }
        }
    }

    @Test
    void ofThreeNodesWithThreeCopiesNoneCanBeDrained() throws Exception {
        start(3);

        assertThatThrownBy(() -> nodes.get(1).drain(left -> {}))
                .isInstanceOf(PreconditionFailedException.class)
                .hasMessageContaining("2 owners would remain for 3 copies");
    }
}
