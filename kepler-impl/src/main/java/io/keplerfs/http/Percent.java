package io.keplerfs.http;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;

/**
 * Percent-encoding of UTF-8 text (RFC 3986, section 2.1), strict in both directions: what cannot be decoded is refused, never
 * guessed. The decoders of the JDK and Netty replace bad UTF-8 by U+FFFD, which would make two names one.
 */
final class Percent {
    private static final String HEX = "0123456789ABCDEF";
    private static final BitSet TOKEN = bytes("!#$&'*+-.^_`|~");
    private static final BitSet PRINTABLE = new BitSet();

    static {
        TOKEN.set('0', '9' + 1);
        TOKEN.set('a', 'z' + 1);
        TOKEN.set('A', 'Z' + 1);
        PRINTABLE.set(' ', '~' + 1);
        PRINTABLE.clear('%');
    }

    private Percent() {}

    /** Decodes a path, where {@code +} is a plus. */
    static String decode(String what, String text) throws Refusal {
        return decode(what, text, false);
    }

    /** Decodes a query, where {@code +} is a space as HTML forms write it. */
    static String decodeForm(String what, String text) throws Refusal {
        return decode(what, text, true);
    }

    /** @param text each char is one byte as it came over the wire */
    private static String decode(String what, String text, boolean plusIsSpace) throws Refusal {
        ByteBuffer bytes = ByteBuffer.allocate(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '%') {
                bytes.put((byte) escape(what, text, i));
                i += 2;
            } else {
                bytes.put((byte) (c == '+' && plusIsSpace ? ' ' : c));
            }
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
        } catch (CharacterCodingException notUtf8) {
            throw Refusal.invalid(what + " '" + printable(text) + "' is not UTF-8; send UTF-8, percent-encoded");
        }
    }

    private static int escape(String what, String text, int at) throws Refusal {
        int high = at + 2 < text.length() ? Character.digit(text.charAt(at + 1), 16) : -1;
        int low = at + 2 < text.length() ? Character.digit(text.charAt(at + 2), 16) : -1;
        if (high < 0 || low < 0) {
            throw Refusal.invalid(what + " '" + printable(text) + "' has a malformed escape at character " + at
                    + "; a percent sign is followed by two hexadecimal digits, and is itself written %25");
        }
        return high << 4 | low;
    }

    /** Text from a client that can be shown in an error: the bytes that are not printable ASCII become a question mark. */
    static String printable(String text) {
        StringBuilder shown = new StringBuilder();
        text.chars().limit(200).forEach(c -> shown.append(c >= ' ' && c <= '~' ? (char) c : '?'));
        return text.length() > 200 ? shown + "..." : shown.toString();
    }

    /** As part of a header name: everything that is not a token character of RFC 9110 is escaped. */
    static String encodeToken(String text) {
        return encode(text, TOKEN);
    }

    /** As a header value: printable ASCII stays, but for the percent sign and spaces at the ends, which HTTP would drop. */
    static String encodeValue(String text) {
        String encoded = encode(text, PRINTABLE);
        if (encoded.startsWith(" ")) {
            encoded = "%20" + encoded.substring(1);
        }
        return encoded.endsWith(" ") ? encoded.substring(0, encoded.length() - 1) + "%20" : encoded;
    }

    private static String encode(String text, BitSet plain) {
        ByteArrayOutputStream encoded = new ByteArrayOutputStream();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            int value = b & 0xff;
            if (plain.get(value)) {
                encoded.write(value);
            } else {
                encoded.write('%');
                encoded.write(HEX.charAt(value >> 4));
                encoded.write(HEX.charAt(value & 0xf));
            }
        }
        return encoded.toString(StandardCharsets.US_ASCII);
    }

    private static BitSet bytes(String characters) {
        BitSet set = new BitSet();
        characters.chars().forEach(set::set);
        return set;
    }
}
