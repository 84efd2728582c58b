package io.keplerfs.files;

import java.io.IOException;
import java.io.InputStream;

/** A file's stream whose reads fail, and do not hang, when the node is closed. Owned by the caller's thread. */
final class ServedStream extends InputStream {
    private final InputStream in;
    private final OpenCalls calls;

    ServedStream(InputStream in, OpenCalls calls) {
        this.in = in;
        this.calls = calls;
    }

    @Override
    public int read() throws IOException {
        return calls.carryOn(calls.reading(), in::read);
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        return calls.carryOn(calls.reading(), () -> in.read(target, offset, length));
    }

    @Override
    public int available() throws IOException {
        return in.available();
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
