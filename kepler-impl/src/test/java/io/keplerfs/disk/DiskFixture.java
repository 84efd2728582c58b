package io.keplerfs.disk;

import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.ThreadFactory;
import java.util.function.LongSupplier;

/** Options as tests want them. */
final class DiskFixture {
    static final long NOON = 1_767_268_800_000L;

    private DiskFixture() {}

    static DiskOptions options(Path directory) {
        return options(directory, "node-a", () -> NOON);
    }

    static DiskOptions options(Path directory, String label, LongSupplier wallMillis) {
        ThreadFactory daemons = work -> {
            Thread thread = new Thread(work);
            thread.setDaemon(true);
            return thread;
        };
        return new DiskOptions(directory, label, true, daemons, 4, UUID::randomUUID, wallMillis);
    }
}
