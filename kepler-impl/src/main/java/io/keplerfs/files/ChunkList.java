package io.keplerfs.files;

import io.keplerfs.replication.ChunkRef;
import io.keplerfs.values.ChunkId;
import java.util.Arrays;

/** The hashes of a file's chunks in order, 32 bytes each: 8 MB for a terabyte. Grows at its end; owned by one thread. */
final class ChunkList {
    private byte[] ids = new byte[16 * ChunkId.BYTES];
    private int count;

    void add(ChunkId id) {
        int end = count * ChunkId.BYTES;
        if (end == ids.length) {
            ids = Arrays.copyOf(ids, Math.multiplyExact(ids.length, 2));
        }
        System.arraycopy(id.bytes(), 0, ids, end, ChunkId.BYTES);
        count++;
    }

    int count() {
        return count;
    }

    ChunkId id(int place) {
        return ChunkId.ofHash(ids(place, place + 1));
    }

    /** A copy of the hashes from one index to another. */
    byte[] ids(int from, int to) {
        return Arrays.copyOfRange(ids, from * ChunkId.BYTES, to * ChunkId.BYTES);
    }

    ChunkRef ref(int index, int chunkSize, long fileSize) {
        return ref(ids, index, index, chunkSize, fileSize);
    }

    /**
     * @param ids hashes one after the other
     * @param at which of them
     * @param index its place in the file
     */
    static ChunkRef ref(byte[] ids, int at, long index, int chunkSize, long fileSize) {
        byte[] hash = Arrays.copyOfRange(ids, at * ChunkId.BYTES, (at + 1) * ChunkId.BYTES);
        return new ChunkRef(ChunkId.ofHash(hash), (int) Math.min(chunkSize, fileSize - index * chunkSize));
    }
}
