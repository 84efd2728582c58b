package io.keplerfs.client;

import io.keplerfs.ProgressListener;
import java.io.IOException;
import java.io.InputStream;
import okhttp3.MediaType;
import okhttp3.RequestBody;
import okio.BufferedSink;
import org.jspecify.annotations.Nullable;

/**
 * A file of unknown length, sent chunked while it is read: the socket's pace is the stream's pace. If reading fails the
 * body has no end, so the gateway sees a broken upload, never a short file. One thread.
 */
final class StreamBody extends RequestBody {
    private static final int SLICE_BYTES = 64 * 1024;

    private final InputStream content;
    private final ProgressListener progress;
    private boolean started;
    private @Nullable IOException sourceFailure;

    StreamBody(InputStream content, ProgressListener progress) {
        this.content = content;
        this.progress = progress;
    }

    /** Whether the stream was touched, so that the body cannot be sent from its beginning again. */
    boolean started() {
        return started;
    }

    /** What reading the caller's own stream threw; null if nothing. */
    @Nullable
    IOException sourceFailure() {
        return sourceFailure;
    }

    @Override
    public @Nullable MediaType contentType() {
        return null;
    }

    @Override
    public boolean isOneShot() {
        return true;
    }

    @Override
    public void writeTo(BufferedSink sink) throws IOException {
        started = true;
        byte[] slice = new byte[SLICE_BYTES];
        long done = 0;
        for (int length = read(slice); length >= 0; length = read(slice)) {
            sink.write(slice, 0, length);
            if (length < slice.length) {
                sink.flush(); // a slow source: the gateway must see that it lives
            }
            done += length;
            progress.onProgress(done, -1);
        }
    }

    private int read(byte[] slice) throws IOException {
        try {
            return content.read(slice);
        } catch (IOException failure) {
            sourceFailure = failure;
            throw failure;
        }
    }
}
