package io.keplerfs.examples.console;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** How far a long call has come. May be told by several threads. Closing ends the display. */
public interface Progress extends AutoCloseable {
    /** Shows nothing. */
    Progress NONE = new Progress() {
        @Override
        public void moved(long bytes) {}

        @Override
        public void close() {}
    };

    /** That many more bytes have moved. */
    void moved(long bytes);

    @Override
    void close();

    /** Counts what is read from a stream; closing it closes the stream, not this display. */
    default InputStream watch(InputStream source) {
        return new FilterInputStream(source) {
            @Override
            public int read() throws IOException {
                int value = super.read();
                if (value >= 0) {
                    moved(1);
                }
                return value;
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                int count = super.read(target, offset, length);
                if (count > 0) {
                    moved(count);
                }
                return count;
            }
        };
    }
}
