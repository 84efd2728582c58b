package io.keplerfs.http;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/** The parameters of a request, each at most once. Anything not asked for is refused, so that a typo is never ignored. */
record Query(Map<String, String> parameters) {
    /** @param raw what follows the question mark, still escaped; may be empty */
    static Query parse(String raw) throws Refusal {
        Map<String, String> parameters = new LinkedHashMap<>();
        for (String pair : raw.split("&", -1)) {
            if (pair.isEmpty()) {
                continue;
            }
            int equals = pair.indexOf('=');
            String name = Percent.decodeForm("query parameter", equals < 0 ? pair : pair.substring(0, equals));
            String value = equals < 0 ? "" : Percent.decodeForm("query parameter", pair.substring(equals + 1));
            if (parameters.putIfAbsent(name, value) != null) {
                throw Refusal.invalid("query parameter '" + name + "' is given twice; give it once");
            }
        }
        return new Query(parameters);
    }

    /** Refuses every other name. */
    void allowOnly(String... names) throws Refusal {
        Set<String> unknown = new TreeSet<>(parameters.keySet());
        Arrays.asList(names).forEach(unknown::remove);
        if (!unknown.isEmpty()) {
            throw Refusal.invalid("unknown query parameter " + unknown + "; this call knows "
                    + (names.length == 0 ? "none" : String.join(", ", names)));
        }
    }

    Query without(String name) {
        Map<String, String> others = new LinkedHashMap<>(parameters);
        others.remove(name);
        return new Query(others);
    }

    Optional<String> text(String name) {
        return Optional.ofNullable(parameters.get(name));
    }

    /** @param parse throws IllegalArgumentException saying what is allowed */
    <T> T value(String name, T absent, Function<String, T> parse) throws Refusal {
        String text = parameters.get(name);
        if (text == null) {
            return absent;
        }
        try {
            return parse.apply(text);
        } catch (IllegalArgumentException notAllowed) {
            throw Refusal.invalid("query parameter " + name + ": " + notAllowed.getMessage());
        }
    }
}
