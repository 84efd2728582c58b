package io.keplerfs.http;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.function.Consumer;

/** A small body of known length, in one array. */
final class CollectedBody implements RequestBody {
    private final byte[] bytes;
    private final Consumer<byte[]> complete;
    private int filled;

    /** @param length what Content-Length announced; the decoder delivers neither more nor, if it ends, less */
    CollectedBody(int length, Consumer<byte[]> complete) {
        this.bytes = new byte[length];
        this.complete = complete;
    }

    @Override
    public void accept(ByteBuf more) {
        int length = more.readableBytes();
        more.readBytes(bytes, filled, length);
        filled += length;
    }

    @Override
    public void end() {
        if (filled != bytes.length) {
            throw new IllegalStateException("a body of " + bytes.length + " bytes ended after " + filled);
        }
        complete.accept(bytes);
    }

    @Override
    public void fail(IOException reason) {
        // Nothing was begun.
    }
}
