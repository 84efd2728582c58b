package io.keplerfs.sim;

import java.util.Locale;

/** What a long run measured, one line each: {@code name: value}. */
public final class Figure {
    private Figure() {}

    /** @param name lower-case words joined by dots, the unit at its end where there is one */
    public static void print(String name, long value) {
        System.out.println(name + ": " + value);
    }

    /** Three decimals. */
    public static void print(String name, double value) {
        System.out.println(name + ": " + String.format(Locale.ROOT, "%.3f", value));
    }
}
