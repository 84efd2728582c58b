package io.keplerfs.sim.whole;

import io.keplerfs.values.ChunkId;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;

/** What the callers store: few chunks that many files share, and some that now and then no file needs. */
final class Contents {
    private static final int COMMON = 8;
    /** Each is uploaded again every few seconds, often while it is collected. */
    private static final int RARE = 24;

    private static final int MOST_CHUNKS = 4;

    private final byte[][] blocks = new byte[COMMON + RARE][WholeNode.CHUNK];

    Contents() {
        Random same = new Random(7);
        Arrays.stream(blocks).forEach(same::nextBytes);
    }

    byte[] draw(SplittableRandom random) {
        if (random.nextInt(3) == 0) {
            return Arrays.copyOf(blocks[random.nextInt(COMMON)], random.nextInt(WholeNode.INLINE));
        }
        int chunks = random.nextInt(1, MOST_CHUNKS + 1);
        boolean rare = random.nextBoolean();
        ByteBuffer all = ByteBuffer.allocate(chunks * WholeNode.CHUNK);
        for (int i = 0; i < chunks; i++) {
            all.put(blocks[rare ? COMMON + random.nextInt(RARE) : random.nextInt(COMMON)]);
        }
        // The last chunk is whole or half, so it is one of few, too.
        return Arrays.copyOf(all.array(), all.capacity() - (random.nextBoolean() ? WholeNode.CHUNK / 2 : 0));
    }

    static List<ChunkId> chunksOf(byte[] content) {
        List<ChunkId> ids = new ArrayList<>();
        if (content.length > WholeNode.INLINE) {
            for (int at = 0; at < content.length; at += WholeNode.CHUNK) {
                ids.add(ChunkId.of(ByteBuffer.wrap(content, at, Math.min(WholeNode.CHUNK, content.length - at))));
            }
        }
        return ids;
    }
}
