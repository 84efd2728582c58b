package io.keplerfs.examples.commands;

import picocli.CommandLine.TypeConversionException;

/**
 * What follows on a command line names a file, a prefix, or a whole bucket.
 *
 * @param bucket all before the first slash
 * @param key all after it; may be empty
 */
record FilePath(String bucket, String key) {
    /** Splits at the first slash: bucket names have none, keys may have any. */
    static FilePath parse(String text) {
        int slash = text.indexOf('/');
        String bucket = slash < 0 ? text : text.substring(0, slash);
        if (bucket.isEmpty()) {
            throw new TypeConversionException("'" + text + "' names no bucket; write BUCKET/KEY");
        }
        return new FilePath(bucket, slash < 0 ? "" : text.substring(slash + 1));
    }

    /** The same, for commands that need one file. */
    FilePath requireKey() {
        if (key.isEmpty()) {
            throw new IllegalArgumentException("'" + bucket + "' names a bucket, not a file; write BUCKET/KEY");
        }
        return this;
    }

    /** What comes after the last slash of the key. */
    String lastName() {
        return key.substring(key.lastIndexOf('/') + 1);
    }

    @Override
    public String toString() {
        return bucket + "/" + key;
    }
}
