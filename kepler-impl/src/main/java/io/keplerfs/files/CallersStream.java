package io.keplerfs.files;

import java.io.IOException;
import java.io.InputStream;

/** The application's stream as long as the node is open: a read that outlives the node fails, so that its upload ends too. */
final class CallersStream extends InputStream {
    private final InputStream in;
    private final OpenCalls calls;

    CallersStream(InputStream in, OpenCalls calls) {
        this.in = in;
        this.calls = calls;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (calls.hasEnded()) {
            throw calls.closed();
        }
        int bytes;
        try {
            bytes = in.read(target, offset, length);
        } catch (IOException theirs) {
            throw calls.hasEnded() ? ended(theirs) : theirs;
        }
        if (calls.hasEnded()) {
            throw calls.closed();
        }
        return bytes;
    }

    private IOException ended(IOException theirs) {
        IOException closed = calls.closed();
        closed.addSuppressed(theirs);
        return closed;
    }
}
