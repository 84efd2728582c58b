package io.keplerfs.client;

import java.net.URI;
import java.util.Locale;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;

/** The base address of one gateway. */
record Gateway(HttpUrl base) {
    /** Throws IllegalArgumentException unless it is an http or https address of a host, without anything behind the port. */
    static Gateway of(URI address) {
        String scheme = address.getScheme() == null ? "" : address.getScheme().toLowerCase(Locale.ROOT);
        if (!scheme.equals("http") && !scheme.equals("https")) {
            throw refused(address, "it does not begin with http:// or https://", null);
        }
        if (address.getHost() == null) {
            throw refused(address, "it names no host", null);
        }
        HttpUrl base;
        try {
            base = HttpUrl.get(address.toString());
        } catch (IllegalArgumentException malformed) {
            throw refused(address, String.valueOf(malformed.getMessage()), malformed);
        }
        if (!base.equals(base.resolve("/"))
                || !base.username().isEmpty()
                || !base.password().isEmpty()) {
            throw refused(address, "give scheme, host and port only", null);
        }
        return new Gateway(base);
    }

    /** The same path and query at this gateway. */
    HttpUrl at(HttpUrl route) {
        return route.newBuilder()
                .scheme(base.scheme())
                .host(base.host())
                .port(base.port())
                .build();
    }

    /** Such as {@code http://127.0.0.1:3001}. */
    @Override
    public String toString() {
        String text = base.toString();
        return text.substring(0, text.length() - 1);
    }

    private static IllegalArgumentException refused(URI address, String why, @Nullable Throwable cause) {
        return new IllegalArgumentException(
                "'" + address + "' is not the address of a gateway: " + why + "; an example is http://127.0.0.1:3001",
                cause);
    }
}
