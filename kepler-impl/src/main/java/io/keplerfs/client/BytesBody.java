package io.keplerfs.client;

import io.keplerfs.ProgressListener;
import java.io.IOException;
import okhttp3.MediaType;
import okhttp3.RequestBody;
import okio.BufferedSink;
import org.jspecify.annotations.Nullable;

/** A file from memory: may be sent again and again. One thread at a time. */
final class BytesBody extends RequestBody {
    /** Progress is told this often. */
    private static final int SLICE_BYTES = 64 * 1024;

    private final byte[] content;
    private final ProgressListener progress;
    private int toldBytes;

    BytesBody(byte[] content, ProgressListener progress) {
        this.content = content;
        this.progress = progress;
    }

    /** The content type is a header of ours: OkHttp would refuse one that it cannot parse. */
    @Override
    public @Nullable MediaType contentType() {
        return null;
    }

    @Override
    public long contentLength() {
        return content.length;
    }

    @Override
    public void writeTo(BufferedSink sink) throws IOException {
        for (int done = 0; done < content.length; ) {
            int length = Math.min(SLICE_BYTES, content.length - done);
            sink.write(content, done, length);
            done += length;
            if (done > toldBytes) { // progress never falls, also if the bytes are sent again
                toldBytes = done;
                progress.onProgress(done, content.length);
            }
        }
    }
}
