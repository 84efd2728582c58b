package io.keplerfs.examples.content;

import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of streams, as hexadecimal digits. */
public final class Sha256 {
    private static final int BUFFER_BYTES = 256 * 1024;

    private Sha256() {}

    /** Reads to the end. */
    public static String of(InputStream content) throws IOException {
        try (DigestInputStream hashed = watching(content)) {
            byte[] buffer = new byte[BUFFER_BYTES];
            int count = 0;
            while (count >= 0) {
                count = hashed.read(buffer);
            }
            return seenBy(hashed);
        }
    }

    /** Hashes what someone else reads; ask {@link #seenBy} afterwards. */
    public static DigestInputStream watching(InputStream content) {
        try {
            return new DigestInputStream(content, MessageDigest.getInstance("SHA-256"));
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError("every Java platform has SHA-256", impossible);
        }
    }

    /** The hash of what was read so far; can be asked once. */
    public static String seenBy(DigestInputStream watched) {
        return HexFormat.of().formatHex(watched.getMessageDigest().digest());
    }
}
