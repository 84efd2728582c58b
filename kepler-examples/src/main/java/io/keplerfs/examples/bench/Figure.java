package io.keplerfs.examples.bench;

import java.util.Locale;

/**
 * One measured number.
 *
 * @param name lower case with underscores, stable from version to version
 * @param value in {@code unit}
 * @param unit such as {@code MB/s}
 */
record Figure(String name, double value, String unit) {
    @Override
    public String toString() {
        String number = value == Math.rint(value) && Math.abs(value) < 1e15
                ? String.format(Locale.ROOT, "%.0f", value)
                : String.format(Locale.ROOT, "%.3f", value);
        return name + ": " + number + " " + unit;
    }
}
