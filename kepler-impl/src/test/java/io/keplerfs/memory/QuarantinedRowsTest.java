package io.keplerfs.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.keplerfs.memory.DiskTables.Changes;
import io.keplerfs.memory.DiskTables.ChunkTransaction;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.VersionId;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The tables in memory, which simulated disks share, age what is in quarantine as those on disk do. */
class QuarantinedRowsTest {
    private static final byte[] BYTES = {1, 2, 3};
    private static final ChunkId CHUNK = ChunkId.of(ByteBuffer.wrap(BYTES));
    private static final Pin PIN = new Pin(new VersionId(new UUID(1, 2)), "photos", "cat");

    private final DiskTables tables = new DiskTables();

    private void change(long atMillis, Consumer<ChunkTransaction> work) {
        Changes changes = new Changes(atMillis);
        tables.<Boolean>change(
                transaction -> {
                    work.accept(transaction);
                    return true;
                },
                changes);
        tables.persist(changes);
    }

    private List<ChunkRow> unreferenced(long untilMillis) {
        return tables.<List<ChunkRow>>read(snapshot -> snapshot.unreferenced(untilMillis, null, 10));
    }

    @Test
    void theyAreUnreferencedSinceTheirLastReferenceWentAndAreNoTrash() {
        change(10, tables -> {
            tables.putChunk(CHUNK, BYTES);
            tables.pin(CHUNK, PIN);
            tables.become(CHUNK, ChunkRow.State.QUARANTINE);
        });
        assertThat(unreferenced(Long.MAX_VALUE)).isEmpty();

        change(20, tables -> tables.unpin(PIN.upload(), false));

        assertThat(unreferenced(19)).isEmpty();
        assertThat(unreferenced(20)).containsExactly(new ChunkRow(CHUNK, BYTES.length, ChunkRow.State.QUARANTINE));
        Store.Space space = tables.read(Store.Snapshot::space);
        assertThat(space).isEqualTo(new Store.Space(0, 0));
    }
}
