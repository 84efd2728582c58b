package io.keplerfs.spi;

import java.util.Optional;

/**
 * How a listing shortens keys: those that are equal up to the first delimiter behind the prefix are shown as one.
 *
 * @param prefix of every key
 * @param delimiter empty for none
 */
public record Fold(String prefix, String delimiter) {
    /** The highest code point: behind a common prefix it is above (nearly) every key with that prefix. */
    private static final String LAST = new String(Character.toChars(Character.MAX_CODE_POINT));

    /** What the key is shown as, up to and with the delimiter; empty if it is shown as it is. */
    public Optional<String> of(String key) {
        int at = delimiter.isEmpty() ? -1 : key.indexOf(delimiter, prefix.length());
        return at < 0 ? Optional.empty() : Optional.of(key.substring(0, at + delimiter.length()));
    }

    /** Where to go on looking after a key, never below it: past (nearly) everything that is shown as the same. */
    public String beyond(String key) {
        String end = of(key).map(Fold::end).orElse(key);
        return RegisterKey.compareKeys(end, key) < 0 ? key : end;
    }

    /** Above (nearly) every key with this common prefix. */
    public static String end(String commonPrefix) {
        return commonPrefix + LAST;
    }
}
