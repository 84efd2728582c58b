package io.keplerfs.disk;

import com.google.common.util.concurrent.Striped;
import io.keplerfs.values.ChunkId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Lock;

/**
 * Whatever changes a chunk holds the lock of its stripe, and only that one; the writer of the metadata, for which it waits, never
 * takes it.
 */
final class ChunkLocks {
    /** Many times the workers, so that two of them rarely meet on different chunks. */
    private static final int STRIPES = 1_024;

    private final Striped<Lock> stripes = Striped.lock(STRIPES);

    interface Work<T> {
        T done() throws IOException;
    }

    interface WorkOnSome {
        int done(List<ChunkId> chunks) throws IOException;
    }

    <T> T holding(ChunkId chunk, Work<T> work) throws IOException {
        Lock stripe = stripes.get(chunk);
        stripe.lock();
        try {
            return work.done();
        } finally {
            stripe.unlock();
        }
    }

    /** The work for the chunks of one stripe after those of another; the sum of what it returns. */
    int holdingEach(Collection<ChunkId> chunks, WorkOnSome work) throws IOException {
        Map<Lock, List<ChunkId>> byStripe = new LinkedHashMap<>();
        chunks.forEach(id -> byStripe.computeIfAbsent(stripes.get(id), stripe -> new ArrayList<>())
                .add(id));
        int sum = 0;
        for (List<ChunkId> together : byStripe.values()) {
            sum += holding(together.get(0), () -> work.done(together));
        }
        return sum;
    }
}
