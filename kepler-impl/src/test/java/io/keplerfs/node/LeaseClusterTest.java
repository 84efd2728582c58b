package io.keplerfs.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.Bucket;
import io.keplerfs.InMemoryNetwork;
import io.keplerfs.KeplerCluster;
import io.keplerfs.KeplerNode;
import io.keplerfs.KeplerOptions;
import io.keplerfs.Lease;
import io.keplerfs.LeaseOptions;
import io.keplerfs.PreconditionFailedException;
import io.keplerfs.PutOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Leases over a real register, in the node's own process and through its gateway, against each other. */
class LeaseClusterTest {
    private static final LeaseOptions ONCE = LeaseOptions.of("test", Duration.ofSeconds(10));
    private static final LeaseOptions PATIENT = ONCE.withPatience(Duration.ofMinutes(1));

    private KeplerNode node;
    private KeplerCluster remote;
    private Bucket here;
    private Bucket there;

    @BeforeEach
    void startOneNodeWithAGateway() throws Exception {
        node = KeplerNode.start(KeplerOptions.inMemory("a", InMemoryNetwork.create())
                .httpPort(0)
                .build());
        remote = KeplerCluster.connect("http://127.0.0.1:" + node.address().httpPort());
        here = node.cluster().createBucket("locks");
        there = remote.bucket("locks");
    }

    @AfterEach
    void close() {
        remote.close();
        node.close();
    }

    @Test
    void embeddedAndRemoteHoldersFollowEachOtherWithRisingTokens() throws Exception {
        Lease first = Lease.acquire(here, "lock", ONCE);
        assertThatThrownBy(() -> Lease.acquire(there, "lock", ONCE)).isInstanceOf(PreconditionFailedException.class);
        first.renew();
        assertThat(first.release()).isTrue();

        Lease second = Lease.acquire(there, "lock", ONCE);
        assertThat(second.token()).isEqualTo(2);
        second.renew();
        second.release();
        here.delete("lock");

        for (long token = 3; token < 5; token++) {
            try (Lease next = Lease.acquire(there, "lock", ONCE)) {
                assertThat(next.token()).isEqualTo(token);
            }
        }
    }

    @Test
    void ofManyRivalsOneAtATimeHasItAndNoTokenComesTwice() throws Exception {
        List<CompletableFuture<Long>> rivals = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            Bucket bucket = i % 2 == 0 ? here : there;
            rivals.add(CompletableFuture.supplyAsync(() -> {
                try (Lease lease = Lease.acquire(bucket, "contended", PATIENT)) {
                    bucket.put("file", new byte[0], PutOptions.fencing(lease.token()));
                    return lease.token();
                } catch (Exception failure) {
                    throw new AssertionError(failure);
                }
            }));
        }

        assertThat(rivals.stream().map(CompletableFuture::join)).containsExactlyInAnyOrder(1L, 2L, 3L, 4L, 5L, 6L);
    }
}
