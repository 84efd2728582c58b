package io.keplerfs.files;

import io.keplerfs.KeplerException;
import io.keplerfs.Waiting;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;

/** A {@link ChunkReader} as a stream. Owned by the caller's thread. */
final class ChunkStream extends InputStream {
    private final ChunkReader reader;
    private ByteBuffer now = ByteBuffer.allocate(0);
    private long nextOffset;
    private boolean closed;
    private boolean broken;

    /** @param offset where the reader begins, for messages */
    ChunkStream(ChunkReader reader, long offset) {
        this.reader = reader;
        this.nextOffset = offset;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (closed) {
            throw new IOException("the stream is closed");
        }
        if (broken) {
            throw new IOException("reading failed before at byte " + nextOffset + "; open the file again");
        }
        if (length == 0) {
            return 0;
        }
        if (!now.hasRemaining()) {
            if (reader.isAtEnd()) {
                forget();
                return -1;
            }
            advance();
        }
        int bytes = Math.min(length, now.remaining());
        now.get(target, offset, bytes);
        nextOffset += bytes;
        return bytes;
    }

    @Override
    public int available() {
        return now.remaining();
    }

    @Override
    public void close() {
        closed = true;
        forget();
        reader.close();
    }

    private void forget() {
        now = ByteBuffer.allocate(0);
        reader.release();
    }

    private void advance() throws KeplerException {
        forget();
        // Until the piece is here: whoever reads on after a failure must not get the next piece in its place.
        broken = true;
        now = Waiting.forResult(reader.next());
        broken = false;
    }
}
