package io.keplerfs.client;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Text as ASCII in which every byte of its UTF-8 that is not plain becomes {@code %XX}, and back. Exact in both ways. */
enum PercentCoding {
    /** The unreserved characters of RFC 3986, section 2.3, and the slash: a key in a path stays readable. */
    PATH("-._~/"),
    /** Unreserved characters only: safe as one path segment and in a query. */
    COMPONENT("-._~"),
    /** The characters of a header name (RFC 9110, section 5.6.2), but for the percent sign. */
    HEADER_NAME("!#$&'*+-.^_`|~"),
    /** What a header value carries as it is; a space at either end is escaped by {@link #encode}, servers would trim it. */
    HEADER_VALUE(" !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~");

    private static final String HEX = "0123456789ABCDEF";

    private final String plainMarks;

    PercentCoding(String plainMarks) {
        this.plainMarks = plainMarks;
    }

    /** Throws IllegalArgumentException for text that has no UTF-8 form: half a surrogate pair. */
    String encode(String text) {
        byte[] utf8 = utf8(text);
        StringBuilder ascii = new StringBuilder(utf8.length + 16);
        for (int i = 0; i < utf8.length; i++) {
            boolean spaceAtAnEnd = utf8[i] == ' ' && (i == 0 || i == utf8.length - 1);
            if (isPlain(utf8[i]) && !spaceAtAnEnd) {
                ascii.append((char) utf8[i]);
            } else {
                ascii.append('%').append(HEX.charAt((utf8[i] >> 4) & 15)).append(HEX.charAt(utf8[i] & 15));
            }
        }
        return ascii.toString();
    }

    /** Throws IllegalArgumentException for a broken escape or bytes that are not UTF-8. */
    static String decode(String ascii) {
        ByteArrayOutputStream utf8 = new ByteArrayOutputStream(ascii.length());
        for (int i = 0; i < ascii.length(); i++) {
            char character = ascii.charAt(i);
            if (character == '%') {
                utf8.write(Character.digit(at(ascii, i + 1), 16) << 4 | Character.digit(at(ascii, i + 2), 16));
                i += 2;
            } else {
                utf8.write(character);
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8.toByteArray()))
                    .toString();
        } catch (CharacterCodingException notUtf8) {
            throw new IllegalArgumentException("'" + ascii + "' is not percent-encoded UTF-8", notUtf8);
        }
    }

    /** The bytes of the text; throws IllegalArgumentException for half a surrogate pair instead of writing a '?'. */
    static byte[] utf8(String text) {
        try {
            ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            byte[] exact = new byte[bytes.remaining()];
            bytes.get(exact);
            return exact;
        } catch (CharacterCodingException halfAPair) {
            throw new IllegalArgumentException(
                    "the text has half a surrogate pair, so it has no UTF-8 form", halfAPair);
        }
    }

    private boolean isPlain(byte character) {
        return (character >= 'a' && character <= 'z')
                || (character >= 'A' && character <= 'Z')
                || (character >= '0' && character <= '9')
                || plainMarks.indexOf(character) >= 0;
    }

    private static char at(String ascii, int index) {
        if (index >= ascii.length() || Character.digit(ascii.charAt(index), 16) < 0) {
            throw new IllegalArgumentException("'" + ascii + "' has a broken escape near character " + index);
        }
        return ascii.charAt(index);
    }
}
