package io.keplerfs.sim.whole;

import io.keplerfs.memory.DiskTables;
import io.keplerfs.spi.ChunkRow;
import io.keplerfs.values.ChunkId;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/** What one disk holds over all lives of its node. */
final class Platter {
    DiskTables tables = new DiskTables();
    /** The bytes as they are, perhaps damaged; a file without a row of its chunk is not there. */
    final NavigableMap<ChunkId, byte[]> files = new TreeMap<>();

    /** Whether a power cut now would leave an undamaged copy that reads find. */
    boolean hasGood(ChunkId id) {
        byte[] bytes = files.get(id);
        return bytes != null
                && tables.read(snapshot -> snapshot.chunk(id))
                        .filter(row -> row.state() == ChunkRow.State.LIVE)
                        .isPresent()
                && ChunkId.of(ByteBuffer.wrap(bytes)).equals(id);
    }

    /** Loses what no fsync has made durable; files stay, and some have no row then. */
    void cutPower() {
        tables = tables.afterPowerCut();
    }

    /** A file that was being written when the power went, under its final name all the same. */
    void tear(ChunkId id, byte[] bytes, int length) {
        files.putIfAbsent(id, Arrays.copyOf(bytes, length));
    }

    /** One bit of a chunk turns over; empty if there is none. */
    Optional<ChunkId> rot(ChunkId id, int bit) {
        byte[] bytes = files.get(id);
        if (bytes == null) {
            return Optional.empty();
        }
        byte[] damaged = bytes.clone();
        damaged[bit / 8 % damaged.length] ^= (byte) (1 << bit % 8);
        files.put(id, damaged);
        return Optional.of(id);
    }
}
