package io.keplerfs.http;

/**
 * Some bytes of a file.
 *
 * @param first offset of the first one
 * @param length how many, 1 or more
 */
record ByteRange(long first, long length) {
    long end() {
        return first + length;
    }

    boolean touches(ByteRange other) {
        return first <= other.end() && other.first <= end();
    }

    ByteRange merge(ByteRange other) {
        long start = Math.min(first, other.first);
        return new ByteRange(start, Math.max(end(), other.end()) - start);
    }

    /** Value of Content-Range. */
    String of(long fileSize) {
        return "bytes " + first + "-" + (end() - 1) + "/" + fileSize;
    }
}
