package io.keplerfs.examples.console;

import java.util.Locale;

/** Sizes, rates and times for people; decimal units, as disks and networks are sold. */
public final class Amounts {
    private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    private static final double NANOS = 1e9;

    private Amounts() {}

    /** {@code 512 B}, {@code 4.2 MB}; a dash for a negative number, which stands for "not known". */
    public static String bytes(long count) {
        if (count < 0) {
            return "-";
        }
        double amount = count;
        int unit = 0;
        while (amount >= 999.95 && unit < UNITS.length - 1) {
            amount /= 1000;
            unit++;
        }
        return unit == 0 ? count + " B" : String.format(Locale.ROOT, "%.1f %s", amount, UNITS[unit]);
    }

    /** A count, or a dash for a negative number. */
    public static String count(long number) {
        return number < 0 ? "-" : Long.toString(number);
    }

    public static String rate(long bytes, long nanos) {
        return String.format(Locale.ROOT, "%.1f MB/s", megabytesPerSecond(bytes, nanos));
    }

    /** 0 for no time at all. */
    public static double megabytesPerSecond(long bytes, long nanos) {
        return nanos <= 0 ? 0 : bytes / 1e6 / (nanos / NANOS);
    }

    /** {@code 0.4 ms}, {@code 120 ms}. */
    public static String millis(long nanos) {
        double millis = nanos / 1e6;
        return String.format(Locale.ROOT, millis < 9.95 ? "%.1f ms" : "%.0f ms", millis);
    }

    /** {@code 0.4 s}, {@code 12 s}, {@code 3 min 20 s}. */
    public static String seconds(long nanos) {
        double seconds = nanos / NANOS;
        if (seconds < 9.95) {
            return String.format(Locale.ROOT, "%.1f s", seconds);
        }
        long whole = Math.round(seconds);
        return whole < 120 ? whole + " s" : whole / 60 + " min " + whole % 60 + " s";
    }
}
