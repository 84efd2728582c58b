package io.keplerfs.register;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.OperatingSystemMXBean;
import io.keplerfs.disk.DiskOptions;
import io.keplerfs.disk.DiskStore;
import io.keplerfs.sim.Figure;
import io.keplerfs.spi.Ballot;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.spi.Store;
import io.keplerfs.values.NodeId;
import io.keplerfs.values.VersionId;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What one small put costs an owner's disk: a transaction each, which share commits as they do in a node. */
class SmallPutFigures {
    private static final int PUTS = Integer.getInteger("puts", 100_000);
    private static final int SHARDS = 16;
    private static final int TOGETHER = 100;
    private static final int VALUE_BYTES = 300;
    private static final NodeId NODE = new NodeId(new UUID(0, 1));

    @TempDir
    private Path directory;

    @Test
    void smallPutsAreCheap() throws Exception {
        try (Store store = DiskStore.open(new DiskOptions(
                directory.resolve("node"),
                "figures",
                false,
                Thread::new,
                2,
                () -> new UUID(1, 1),
                System::currentTimeMillis))) {
            round(store, 1, "first.put");
            round(store, 2, "overwrite");
        }
    }

    private static void round(Store store, long time, String name) {
        long begin = processor();
        for (int from = 0; from < PUTS; from += TOGETHER) {
            List<CompletableFuture<Boolean>> group = new ArrayList<>();
            for (int i = from; i < from + TOGETHER; i++) {
                int file = (int) (i * 2_654_435_761L % PUTS);
                group.add(store.write(tables -> put(tables, file, time)));
            }
            group.forEach(CompletableFuture::join);
        }
        double micros = (processor() - begin) / 1e3 / PUTS;
        Figure.print("small.put." + name + ".cpu.micros", micros);
        assertThat(micros).isLessThan(1_000);
    }

    private static boolean put(Store.Transaction tables, int file, long time) {
        String name = "file-" + file;
        RegisterKey key = new RegisterKey("photos", Math.floorMod(name.hashCode(), SHARDS), name);
        Change.Write write = new Change.Write(new byte[VALUE_BYTES], false);
        RegisterValue value = RegisterValue.first(new VersionId(new UUID(time, file)), time, write);
        Ballot ballot = new Ballot(time, NODE);
        Acceptor.Step step = Acceptor.accept(Floor.register(tables, key), ballot, Ballot.ZERO, value, value.encode());
        tables.putRegister(step.row());
        return step.changed();
    }

    /** What all threads of this process have used. */
    private static long processor() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }
}
