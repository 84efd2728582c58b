package io.keplerfs.files;

import static io.keplerfs.files.LifeCluster.content;
import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.FileInfo;
import io.keplerfs.GetOptions;
import io.keplerfs.ListOptions;
import io.keplerfs.ListPage;
import io.keplerfs.NotFoundException;
import io.keplerfs.spi.RegisterKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What nodes see of files that they do not own, or not yet. */
class StrangerReadsTest {
    private static final int FILES = 12;

    private static List<String> putAll(LifeCluster cluster) {
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < FILES; i++) {
            String key = "file-" + (char) ('a' + i);
            keys.add(key);
            cluster.put(1 + i % 3, key, content(i));
        }
        return keys;
    }

    private static boolean owns(LifeCluster cluster, int node, String key) {
        RegisterKey register = new BucketRecord(0, BucketRecord.DEFAULT_SHARDS).registerOf(LifeCluster.BUCKET, key);
        return !cluster.look(node, tables -> tables.register(register))
                .accepted()
                .isZero();
    }

    @Test
    void aLocalReadFindsAFileOnItsOwnersOnly() {
        LifeCluster cluster = new LifeCluster(4);
        List<String> keys = putAll(cluster);
        cluster.pass(Duration.ofSeconds(5));

        int strangers = 0;
        for (String key : keys) {
            for (int node = 1; node <= 4; node++) {
                CompletableFuture<FileInfo> head = cluster.node(node).bucket().headAsync(key, GetOptions.local());
                if (owns(cluster, node, key)) {
                    assertThat(cluster.await(head).key()).isEqualTo(key);
                } else {
                    strangers++;
                    assertThat(cluster.failureOf(head)).isInstanceOf(NotFoundException.class);
                }
                assertThat(cluster.get(node, key)).isNotEmpty();
            }
        }
        assertThat(strangers).isEqualTo(FILES);
    }

    @Test
    void everyListingIsCompleteWhileOwnershipMoves() {
        LifeCluster cluster = new LifeCluster(3);
        List<String> keys = putAll(cluster);
        List<List<String>> listings = new ArrayList<>();
        boolean[] over = {false};
        for (int node = 1; node <= 3; node++) {
            listAgain(cluster, node, listings, over);
        }

        cluster.join();
        cluster.join();
        int during = listings.size();
        over[0] = true;
        cluster.pass(Duration.ofSeconds(10));

        assertThat(during).isGreaterThan(10);
        assertThat(listings).allSatisfy(listing -> assertThat(listing).isEqualTo(keys));
        for (int node = 1; node <= 5; node++) {
            CompletableFuture<ListPage> page = cluster.node(node).bucket().listAsync(ListOptions.prefix(""));
            assertThat(cluster.await(page).files()).hasSize(FILES);
        }
    }

    private static void listAgain(LifeCluster cluster, int node, List<List<String>> listings, boolean[] over) {
        cluster.node(node).bucket().listAsync(ListOptions.prefix("")).whenComplete((page, failure) -> {
            // While nobody can tell what is there, a listing fails and says so.
            if (page != null) {
                listings.add(page.files().stream().map(FileInfo::key).toList());
            }
            if (!over[0]) {
                cluster.loop.after(Duration.ofMillis(5), () -> listAgain(cluster, node, listings, over));
            }
        });
    }
}
