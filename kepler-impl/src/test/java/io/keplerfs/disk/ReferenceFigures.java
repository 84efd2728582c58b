package io.keplerfs.disk;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.OperatingSystemMXBean;
import io.keplerfs.sim.Figure;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.Store;
import io.keplerfs.values.ChunkId;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What one owner's tables cost a chunk of a large file: its pin and its confirmation, 100 in a group, without fsync. */
class ReferenceFigures {
    private static final int CHUNKS = Integer.getInteger("chunks", 50_000);
    private static final int TOGETHER = 100;
    private static final NodeId NODE = new NodeId(new UUID(0, 1));

    @TempDir
    private Path directory;

    @Test
    void theIndexOfLiveReferencesCostsAChunkLittle() throws Exception {
        for (int round = 0; round < 3; round++) {
            double with = microsOfAPut(directory.resolve("with-" + round), true);
            double without = microsOfAPut(directory.resolve("without-" + round), false);
            Figure.print("chunk.reference.cpu.micros", with);
            Figure.print("chunk.reference.without.index.cpu.micros", without);
            assertThat(with).isLessThan(1_000);
        }
    }

    private static double microsOfAPut(Path root, boolean indexed) throws Exception {
        DiskOptions options =
                new DiskOptions(root, "figures", false, Thread::new, 2, NODE::uuid, System::currentTimeMillis);
        try (Store store = DiskStore.open(options)) {
            if (!indexed) {
                store.write(tables -> ((SqlTransaction) tables).changing().sql().update("DROP INDEX chunk_refs_live"))
                        .join();
            }
            long begin = processor();
            for (int from = 0; from < CHUNKS; from += TOGETHER) {
                List<CompletableFuture<?>> group = new ArrayList<>();
                for (int i = from; i < from + TOGETHER; i++) {
                    ChunkId chunk = ChunkId.of(ByteBuffer.allocate(4).putInt(0, i));
                    Pin pin = new Pin(new VersionId(new UUID(i, 1)), "photos", "file-" + i);
                    group.add(store.write(tables -> tables.pin(chunk, pin)));
                    group.add(store.write(tables -> {
                        tables.confirm(pin.upload());
                        return true;
                    }));
                }
                group.forEach(CompletableFuture::join);
            }
            return (processor() - begin) / 1e3 / CHUNKS;
        }
    }

    /** What all threads of this process have used. */
    private static long processor() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }
}
