package io.keplerfs.examples.content;

import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.SplittableRandom;

/** Bytes that no compressor and no deduplication can shorten, the same ones for the same seed. Not for several threads. */
public final class SeededStream extends InputStream {
    private static final int BLOCK_BYTES = 8 * 1024;

    private final SplittableRandom random;
    private final ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private long left;

    public SeededStream(long seed, long sizeBytes) {
        random = new SplittableRandom(seed);
        left = sizeBytes;
        block.position(BLOCK_BYTES);
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (left == 0) {
            return length == 0 ? 0 : -1;
        }
        int wanted = (int) Math.min(length, left);
        for (int done = 0; done < wanted; ) {
            if (!block.hasRemaining()) {
                refill();
            }
            int count = Math.min(wanted - done, block.remaining());
            block.get(target, offset + done, count);
            done += count;
        }
        left -= wanted;
        return wanted;
    }

    private void refill() {
        block.clear();
        while (block.hasRemaining()) {
            block.putLong(random.nextLong());
        }
        block.flip();
    }
}
