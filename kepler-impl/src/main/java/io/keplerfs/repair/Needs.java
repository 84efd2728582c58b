package io.keplerfs.repair;

import io.keplerfs.replication.ChunkRef;
import io.keplerfs.spi.Pin;
import io.keplerfs.spi.RegisterRow;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Which chunks the versions of registers need; supplied from above, where manifests are read. Any thread. */
public interface Needs {
    /** One version that is kept in chunks. */
    interface Version {
        /** The reference that keeps each of its chunks. */
        Pin pin();

        /** When its register took it, in milliseconds since 1970 by the hybrid clock of its coordinator. */
        long writtenMillis();

        /** Length of its content. */
        long sizeBytes();

        /** How many parts its chunks are told in; at least one. */
        int parts();

        /**
         * The chunks of one part, from 0.
         *
         * @return fails if the part is listed in a chunk that cannot be read now; part 0 never does
         */
        CompletableFuture<List<ChunkRef>> part(int part);

        /** Whether it is the newest version of its file, or kept for another reason; fails if nobody can tell now. */
        CompletableFuture<Boolean> isNeeded();
    }

    /** What the row's value needs; empty if it is no version that is kept in chunks. */
    Optional<Version> of(RegisterRow row);
}
