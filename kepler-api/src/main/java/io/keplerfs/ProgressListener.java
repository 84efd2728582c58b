package io.keplerfs;

/** Hears how far a long call has come. Called on the thread that moves the bytes; it must not block. */
@FunctionalInterface
public interface ProgressListener {
    ProgressListener NONE = (done, total) -> {};

    /**
     * @param doneBytes bytes moved so far; never falls
     * @param totalBytes bytes in all, -1 if not known
     */
    void onProgress(long doneBytes, long totalBytes);
}
