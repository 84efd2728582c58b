package io.keplerfs.client;

import io.keplerfs.FileInfo;
import io.keplerfs.values.VersionId;
import java.net.ProtocolException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import okhttp3.Headers;
import okhttp3.Response;

/** What a file is, in the headers of its HEAD or GET, and in those of the put that made it. */
final class FileHeaders {
    private static final String META = "X-Kepler-Meta-";

    private FileHeaders() {}

    /** The file a whole answer (not a range) is about. */
    static FileInfo read(String bucket, String key, Response response) throws ProtocolException {
        try {
            return new FileInfo(
                    bucket,
                    key,
                    Long.parseLong(required(response, "Content-Length")),
                    version(response),
                    required(response, "Content-Type"),
                    metadata(response.headers()),
                    Instant.parse(required(response, "X-Kepler-Modified-At")),
                    Optional.empty());
        } catch (IllegalArgumentException | DateTimeException malformed) {
            throw wrong(response, String.valueOf(malformed.getMessage()));
        }
    }

    /** Refuses an answer that is not exactly these bytes of this version. */
    static void checkRange(FileInfo file, long first, long last, Response response) throws ProtocolException {
        String expected = "bytes " + first + "-" + last + "/" + file.sizeBytes();
        String actual = response.header("Content-Range");
        if (response.code() != 206 || !expected.equals(actual)) {
            throw wrong(
                    response,
                    "status " + response.code() + " with '" + actual + "' instead of 206 with '" + expected + "'");
        }
        try {
            if (!file.version().equals(version(response))) {
                throw wrong(response, "it is version " + version(response) + " instead of " + file.version());
            }
        } catch (IllegalArgumentException malformed) {
            throw wrong(response, String.valueOf(malformed.getMessage()));
        }
    }

    /** Adds the pairs as headers; throws IllegalArgumentException for what no header can carry. */
    static void addMetadata(Map<String, String> metadata, Headers.Builder headers) {
        metadata.forEach((name, value) ->
                headers.add(META + PercentCoding.HEADER_NAME.encode(name), PercentCoding.HEADER_VALUE.encode(value)));
    }

    private static Map<String, String> metadata(Headers headers) {
        Map<String, String> metadata = new LinkedHashMap<>();
        for (String name : headers.names()) {
            if (name.regionMatches(true, 0, META, 0, META.length())) {
                String decoded = PercentCoding.decode(name.substring(META.length()));
                metadata.put(decoded.toLowerCase(Locale.ROOT), PercentCoding.decode(required(headers, name)));
            }
        }
        return metadata;
    }

    private static VersionId version(Response response) {
        String etag = required(response, "ETag");
        if (etag.length() < 2 || !etag.startsWith("\"") || !etag.endsWith("\"")) {
            throw new IllegalArgumentException("the ETag " + etag + " is not a quoted version id");
        }
        return VersionId.parse(etag.substring(1, etag.length() - 1));
    }

    private static String required(Response response, String name) {
        return required(response.headers(), name);
    }

    private static String required(Headers headers, String name) {
        String value = headers.get(name);
        if (value == null) {
            throw new IllegalArgumentException("the header " + name + " is missing");
        }
        return value;
    }

    private static ProtocolException wrong(Response response, String why) {
        return new ProtocolException("the answer to " + response.request().method() + " "
                + response.request().url() + " is not what docs/http.md says: " + why);
    }
}
