package io.keplerfs.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A Range header against a file's size (RFC 9110, section 14).
 *
 * @param heeded false if the header is absent, malformed, of another unit or too long: the whole file is sent then
 * @param ranges what to send, in the order asked for; overlapping and adjoining ones merged, so that a header cannot make a
 *     node send more than the file. Empty and heeded: nothing of it lies within the file
 */
record RangeRequest(boolean heeded, List<ByteRange> ranges) {
    /** A media player asks for a handful; more costs more than sending the file. */
    private static final int MAX_RANGES = 50;

    private static final Pattern UNIT = Pattern.compile("bytes\\s*=(.*)", Pattern.CASE_INSENSITIVE);
    private static final Pattern SPEC = Pattern.compile("[ \\t]*(?:(\\d+)-(\\d*)|-(\\d+))[ \\t]*");
    private static final RangeRequest WHOLE = new RangeRequest(false, List.of());

    static RangeRequest parse(@Nullable String header, long size) {
        Matcher unit = header == null ? null : UNIT.matcher(header);
        if (unit == null || !unit.matches()) {
            return WHOLE;
        }
        String[] specs = unit.group(1).split(",", -1);
        if (specs.length > MAX_RANGES) {
            return WHOLE;
        }
        List<ByteRange> ranges = new ArrayList<>();
        for (String spec : specs) {
            Matcher matcher = SPEC.matcher(spec);
            if (!matcher.matches() || backwards(matcher)) {
                return WHOLE;
            }
            resolve(matcher, size).ifPresent(range -> add(ranges, range));
        }
        // The last n bytes of an empty file are satisfiable, but no Content-Range can say so.
        boolean emptySuffix = size == 0 && unit.group(1).matches("\\s*-0*[1-9]\\d*\\s*");
        return emptySuffix ? WHOLE : new RangeRequest(true, ranges);
    }

    private static boolean backwards(Matcher spec) {
        return spec.group(1) != null && !spec.group(2).isEmpty() && number(spec.group(2)) < number(spec.group(1));
    }

    /** Empty if nothing of it lies within the file. */
    private static Optional<ByteRange> resolve(Matcher spec, long size) {
        if (spec.group(3) != null) {
            long length = Math.min(size, number(spec.group(3)));
            return length == 0 ? Optional.empty() : Optional.of(new ByteRange(size - length, length));
        }
        long first = number(spec.group(1));
        if (first >= size) {
            return Optional.empty();
        }
        long last = spec.group(2).isEmpty() ? size - 1 : Math.min(size - 1, number(spec.group(2)));
        return Optional.of(new ByteRange(first, last - first + 1));
    }

    /** Merged ranges take the place of the first of them; a merge may join what stood apart before. */
    private static void add(List<ByteRange> ranges, ByteRange next) {
        ByteRange merged = next;
        int place = ranges.size();
        for (int i = ranges.size() - 1; i >= 0; i--) {
            if (ranges.get(i).touches(merged)) {
                merged = merged.merge(ranges.remove(i));
                place = Math.min(place, i);
                i = ranges.size();
            }
        }
        ranges.add(place, merged);
    }

    /** Saturates: any offset beyond Long.MAX_VALUE is beyond every file. */
    private static long number(String digits) {
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException tooLarge) {
            return Long.MAX_VALUE;
        }
    }
}
