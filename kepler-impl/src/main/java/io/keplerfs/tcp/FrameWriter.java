package io.keplerfs.tcp;

import io.keplerfs.spi.Message;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * Frames into a blocking channel. Small ones are gathered until {@link #flush}; large bodies go out in slices straight from
 * their own array. One thread.
 */
final class FrameWriter {
    /** What is gathered into one write. */
    static final int BUFFER_BYTES = 64 << 10;

    private final WritableByteChannel channel;
    private final Runnable sent;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);

    /** @param sent told after every write that took bytes */
    FrameWriter(WritableByteChannel channel, Runnable sent) {
        this.channel = channel;
        this.sent = sent;
    }

    /** Takes a message; all of it has left only after {@link #flush}. The positions of its buffers do not move. */
    void add(FrameHeader.Type type, long callId, Message message) throws IOException {
        if (buffer.remaining() < FrameHeader.BYTES) {
            flush();
        }
        FrameHeader.write(buffer, type, callId, message);
        put(message.head().duplicate());
        put(message.body().duplicate());
    }

    void flush() throws IOException {
        buffer.flip();
        write(buffer);
        buffer.clear();
    }

    private void put(ByteBuffer source) throws IOException {
        while (source.hasRemaining()) {
            if (buffer.position() == 0 && source.remaining() >= BUFFER_BYTES) {
                int length = Math.min(source.remaining(), FrameReader.SLICE_BYTES);
                write(source.slice(source.position(), length));
                source.position(source.position() + length);
            } else {
                int length = Math.min(source.remaining(), buffer.remaining());
                buffer.put(source.slice(source.position(), length));
                source.position(source.position() + length);
                if (!buffer.hasRemaining()) {
                    flush();
                }
            }
        }
    }

    private void write(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            if (channel.write(bytes) > 0) {
                sent.run();
            }
        }
    }
}
