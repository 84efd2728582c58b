package io.keplerfs.http;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What the body of an answer is made of: some ranges of a file, each after a prefix, and a suffix.
 *
 * @param length of all of it, in bytes
 */
record BodyParts(List<Part> parts, byte[] suffix, long length) {
    private static final byte[] NOTHING = {};

    record Part(byte[] prefix, ByteRange range) {}

    static BodyParts of(ByteRange range) {
        return new BodyParts(List.of(new Part(NOTHING, range)), NOTHING, range.length());
    }

    /** multipart/byteranges (RFC 9110, section 14.6). */
    static BodyParts multipart(String boundary, List<ByteRange> ranges, String contentType, long fileSize) {
        List<Part> parts = new ArrayList<>();
        byte[] suffix = ("\r\n--" + boundary + "--\r\n").getBytes(StandardCharsets.ISO_8859_1);
        long length = suffix.length;
        for (ByteRange range : ranges) {
            String prefix = "\r\n--" + boundary + "\r\nContent-Type: " + contentType + "\r\nContent-Range: "
                    + range.of(fileSize) + "\r\n\r\n";
            Part part = new Part(prefix.getBytes(StandardCharsets.ISO_8859_1), range);
            parts.add(part);
            length += part.prefix().length + range.length();
        }
        return new BodyParts(parts, suffix, length);
    }
}
