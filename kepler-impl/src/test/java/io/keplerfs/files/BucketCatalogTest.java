package io.keplerfs.files;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.memory.MemoryStore;
import io.keplerfs.register.RegisterValue;
import io.keplerfs.sim.SimLoop;
import io.keplerfs.sim.SimProcess;
import io.keplerfs.spi.Store;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What a node knows of buckets without asking anybody: its other parts are not there to be asked. */
class BucketCatalogTest {
    private static final BucketRecord RECORD = new BucketRecord(12, 16);

    private final Store store = new MemoryStore(new NodeId(new UUID(0, 1)), Runnable::run);

    private static RegisterValue value(boolean absent) {
        byte[] payload = absent ? new byte[0] : RECORD.toBytes();
        return new RegisterValue(new VersionId(new UUID(3, 4)), 5, List.of(), 0, absent, payload);
    }

    @SuppressWarnings({"NullAway", "DataFlowIssue"})
    private BucketCatalog restarted() {
        Node node = new Node(
                new SimProcess(new SimLoop(1), 0), null, store, null, null, null, null, null, null, null, null);
        return new BucketCatalog(node, new VersionReader(node, null, new SeenVersions()));
    }

    @Test
    void aBucketThatWasSeenIsKnownAfterARestart() {
        restarted().note("files", value(false));

        assertThat(restarted().requireLocal("files")).isCompletedWithValue(RECORD);
    }

    @Test
    void aBucketThatWasSeenToBeGoneIsForgotten() {
        BucketCatalog catalog = restarted();
        catalog.note("files", value(false));
        catalog.note("files", value(true));

        assertThat(store.read(tables -> tables.setting("bucket/files")).join())
                .hasValueSatisfying(bytes -> assertThat(bytes).isEmpty());
    }
}
