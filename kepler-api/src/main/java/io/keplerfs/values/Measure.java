package io.keplerfs.values;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * One number for an operator's graphs, as {@code /metrics} prints it. Measures of one name differ in their labels only, and stand
 * side by side in a list.
 *
 * @param name as Prometheus has it: {@code kepler_...} in snake case, the unit at the end, {@code _total} for what only grows
 * @param kind whether it only grows
 * @param help what it counts, a few words, no line break
 * @param labels {@code reason="malformed"}, comma-separated, may be empty; values bounded, never of files or clients
 * @param value in the unit of the name
 */
public record Measure(String name, Kind kind, String help, String labels, double value) {
    private static final Pattern NAME = Pattern.compile("kepler_[a-z][a-z0-9_]*");

    /** Whether it may go down. */
    public enum Kind {
        COUNTER,
        GAUGE;

        /** As Prometheus writes it. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public Measure {
        if (!NAME.matcher(name).matches() || (kind == Kind.COUNTER) != name.endsWith("_total")) {
            throw new IllegalArgumentException("measure '" + name + "' is not named as a " + kind.word()
                    + ": kepler_, snake case, and _total at the end of counters only");
        }
    }

    public static Measure counter(String name, String help, String labels, long value) {
        return new Measure(name, Kind.COUNTER, help, labels, value);
    }

    public static Measure gauge(String name, String help, String labels, double value) {
        return new Measure(name, Kind.GAUGE, help, labels, value);
    }
}
