package io.keplerfs.files;

import io.keplerfs.InvalidRequestException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Pattern;

/** What buckets, keys and metadata may be called. */
final class Names {
    /** A key fits into a row and an HTTP request line. */
    static final int MOST_KEY_BYTES = 1024;
    /** Metadata travels in HTTP headers, whose sum every proxy bounds. */
    static final int MOST_METADATA_BYTES = 4096;

    private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");

    private Names() {}

    static void checkBucket(String name) throws InvalidRequestException {
        if (!BUCKET.matcher(name).matches() || name.contains("..")) {
            throw new InvalidRequestException(
                    "bucket name '" + name + "' is not allowed: 3 to 63 of a-z 0-9 . -, beginning "
                            + "and ending with a letter or digit, no '..'");
        }
    }

    static void checkKey(String key) throws InvalidRequestException {
        int bytes = utf8Length("key", key);
        if (bytes < 1 || bytes > MOST_KEY_BYTES) {
            throw new InvalidRequestException(
                    "the key has " + bytes + " bytes of UTF-8, allowed are 1 to " + MOST_KEY_BYTES);
        }
    }

    static void checkMetadata(String contentType, Map<String, String> metadata) throws InvalidRequestException {
        int bytes = utf8Length("content type", contentType);
        for (Map.Entry<String, String> pair : metadata.entrySet()) {
            bytes += utf8Length("metadata name", pair.getKey()) + utf8Length("metadata value", pair.getValue());
        }
        if (bytes > MOST_METADATA_BYTES) {
            throw new InvalidRequestException(
                    "content type and metadata have " + bytes + " bytes, allowed are " + MOST_METADATA_BYTES);
        }
    }

    private static int utf8Length(String what, String text) throws InvalidRequestException {
        try {
            ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            return bytes.remaining();
        } catch (CharacterCodingException loneSurrogate) {
            throw new InvalidRequestException(
                    "the " + what + " has a lone surrogate and so no UTF-8 form", loneSurrogate);
        }
    }
}
