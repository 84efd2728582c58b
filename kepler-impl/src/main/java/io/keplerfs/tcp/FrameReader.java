package io.keplerfs.tcp;

import io.keplerfs.spi.Lane;
import io.keplerfs.wire.MalformedMessageException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * Frames from a blocking channel, in the order header, head, body. One thread.
 *
 * <p>Small frames are taken many at a time from a buffer; large bodies are read straight into the array they are meant for.
 * Every method throws {@link EOFException} if the channel ends inside a frame.
 */
final class FrameReader {
    /** The JDK keeps a direct buffer as large as the largest read per thread: large enough to be fast, small enough to keep. */
    static final int SLICE_BYTES = 256 << 10;

    private static final int BUFFER_BYTES = 64 << 10;

    private final ReadableByteChannel channel;
    private final Lane lane;
    private final Runnable received;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).flip();

    /** @param received told after every read that brought bytes */
    FrameReader(ReadableByteChannel channel, Lane lane, Runnable received) {
        this.channel = channel;
        this.lane = lane;
        this.received = received;
    }

    /**
     * Waits for the next frame.
     *
     * @return null if the channel ended between two frames
     * @throws MalformedMessageException if these bytes are no header of this lane
     */
    @Nullable
    FrameHeader next() throws IOException {
        if (!buffer.hasRemaining() && !fill()) {
            return null;
        }
        while (buffer.remaining() < FrameHeader.BYTES) {
            fillOrEnd();
        }
        return FrameHeader.read(buffer, lane);
    }

    /** @throws MalformedMessageException if the checksum is wrong */
    byte[] head(FrameHeader header) throws IOException {
        byte[] head = new byte[header.headBytes()];
        read(head, head.length);
        header.verify(head);
        return head;
    }

    /** Fills the first {@code length} bytes of an array. */
    void read(byte[] into, int length) throws IOException {
        int done = 0;
        while (done < length) {
            int left = length - done;
            if (buffer.hasRemaining()) {
                int some = Math.min(left, buffer.remaining());
                buffer.get(into, done, some);
                done += some;
            } else if (left < BUFFER_BYTES) {
                fillOrEnd();
            } else {
                done += readSome(ByteBuffer.wrap(into, done, Math.min(left, SLICE_BYTES)));
            }
        }
    }

    /** Takes bytes nobody waits for any more. */
    void skip(int length) throws IOException {
        int left = length;
        while (left > 0) {
            if (!buffer.hasRemaining()) {
                fillOrEnd();
            }
            int some = Math.min(left, buffer.remaining());
            buffer.position(buffer.position() + some);
            left -= some;
        }
    }

    private void fillOrEnd() throws IOException {
        if (!fill()) {
            throw cutShort();
        }
    }

    private boolean fill() throws IOException {
        buffer.compact();
        try {
            int count = channel.read(buffer);
            if (count > 0) {
                received.run();
            }
            return count >= 0;
        } finally {
            buffer.flip();
        }
    }

    private int readSome(ByteBuffer into) throws IOException {
        int count = channel.read(into);
        if (count < 0) {
            throw cutShort();
        }
        received.run();
        return count;
    }

    private static EOFException cutShort() {
        return new EOFException("connection ended in the middle of a frame");
    }
}
