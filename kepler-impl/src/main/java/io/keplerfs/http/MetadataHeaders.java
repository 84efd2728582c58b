package io.keplerfs.http;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The writer's own pairs as {@code X-Kepler-Meta-<name>: <value>}, both percent-encoded where HTTP cannot carry them. */
final class MetadataHeaders {
    private static final String PREFIX = "x-kepler-meta-";

    private MetadataHeaders() {}

    static Map<String, String> read(HttpHeaders headers) throws Refusal {
        Map<String, String> metadata = new LinkedHashMap<>();
        for (Map.Entry<String, String> header : headers) {
            if (!header.getKey().regionMatches(true, 0, PREFIX, 0, PREFIX.length())) {
                continue;
            }
            String name = Percent.decode("metadata name", header.getKey().substring(PREFIX.length()))
                    .toLowerCase(Locale.ROOT);
            String value = Percent.decode("metadata value of " + name, header.getValue());
            if (name.isEmpty()) {
                throw Refusal.invalid("a header " + PREFIX + " has no name after the last hyphen; add one");
            }
            if (metadata.putIfAbsent(name, value) != null) {
                throw Refusal.invalid("metadata '" + name + "' is given twice; give it once");
            }
        }
        return metadata;
    }

    static void write(Map<String, String> metadata, HttpHeaders headers) {
        metadata.forEach(
                (name, value) -> headers.set("X-Kepler-Meta-" + Percent.encodeToken(name), Percent.encodeValue(value)));
    }
}
