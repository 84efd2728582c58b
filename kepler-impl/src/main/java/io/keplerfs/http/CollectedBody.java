package io.keplerfs.http;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.Arrays;
import java.util.function.Consumer;

/** A small body of known length, in one array. */
final class CollectedBody implements RequestBody {
    /** Memory follows what a client has sent, not what it has announced. */
    private static final int FIRST_BYTES = 4 << 10;

    private final int length;
    private final Consumer<byte[]> complete;
    private byte[] bytes;
    private int filled;

    /** @param length what Content-Length announced; the decoder delivers neither more nor, if it ends, less */
    CollectedBody(int length, Consumer<byte[]> complete) {
        this.length = length;
        this.complete = complete;
        this.bytes = new byte[Math.min(length, FIRST_BYTES)];
    }

    @Override
    public void accept(ByteBuf more) {
        int needed = filled + more.readableBytes();
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.min(length, Math.max(needed, 2 * bytes.length)));
        }
        more.readBytes(bytes, filled, needed - filled);
        filled = needed;
    }

    @Override
    public void end() {
        if (filled != length) {
            throw new IllegalStateException("a body of " + length + " bytes ended after " + filled);
        }
        complete.accept(bytes);
    }

    @Override
    public void fail(IOException reason) {
        // Nothing was begun.
    }
}
