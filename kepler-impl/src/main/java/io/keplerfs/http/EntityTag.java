package io.keplerfs.http;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One ETag of a conditional header (RFC 9110, section 8.8.3). */
record EntityTag(String value, boolean weak) {
    private static final Pattern TAG = Pattern.compile("\\s*(W/)?\"([\\x21\\x23-\\x7e\\x80-\\xff]*)\"\\s*(?:,|$)");

    static String quoted(String value) {
        return '"' + value + '"';
    }

    /** Every ETag of a list; empty if any of it is malformed. */
    static List<EntityTag> parseList(String text) {
        List<EntityTag> tags = new ArrayList<>();
        Matcher matcher = TAG.matcher(text);
        int at = 0;
        while (at < text.length()) {
            if (!matcher.region(at, text.length()).lookingAt()) {
                return List.of();
            }
            tags.add(new EntityTag(matcher.group(2), matcher.group(1) != null));
            at = matcher.end();
        }
        return tags;
    }

    boolean matchesStrongly(String etag) {
        return !weak && value.equals(etag);
    }

    boolean matchesWeakly(String etag) {
        return value.equals(etag);
    }
}
