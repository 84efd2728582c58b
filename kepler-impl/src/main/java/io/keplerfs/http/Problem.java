package io.keplerfs.http;

import com.google.gson.JsonObject;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An error as a client sees it (RFC 9457).
 *
 * @param status HTTP status
 * @param type end of the type URN; the remote client tells outcomes apart by it
 * @param title the type in words
 * @param detail what happened, with which values, and what to do
 * @param headers headers of the answer
 * @param fields further JSON fields
 */
record Problem(
        HttpResponseStatus status,
        String type,
        String title,
        String detail,
        Map<String, String> headers,
        Map<String, String> fields) {
    private static final String TYPE_PREFIX = "urn:keplerfs:problem:";
    private static final String CONTENT_TYPE = "application/problem+json";

    Problem(HttpResponseStatus status, String type, String title, String detail) {
        this(status, type, title, detail, Map.of(), Map.of());
    }

    static Problem invalid(String detail) {
        return new Problem(HttpResponseStatus.BAD_REQUEST, "invalid-request", "Invalid request", detail);
    }

    static Problem preconditionFailed(String detail) {
        return new Problem(
                HttpResponseStatus.PRECONDITION_FAILED, "precondition-failed", "Precondition failed", detail);
    }

    static Problem tooLarge(HttpResponseStatus status, String detail) {
        return new Problem(status, "too-large", "Too large", detail);
    }

    static Problem unavailable(String detail, long retryAfterSeconds) {
        return new Problem(HttpResponseStatus.SERVICE_UNAVAILABLE, "unavailable", "Unavailable", detail)
                .withHeader("Retry-After", Long.toString(Math.max(1, retryAfterSeconds)));
    }

    static Problem noSpace(String detail, long retryAfterSeconds) {
        return new Problem(HttpResponseStatus.INSUFFICIENT_STORAGE, "no-space", "Disks are full", detail)
                .withHeader("Retry-After", Long.toString(Math.max(1, retryAfterSeconds)));
    }

    static Problem notSupported(HttpResponseStatus status, String detail) {
        return new Problem(status, "not-supported", "Not supported", detail);
    }

    Problem withHeader(String name, String value) {
        return new Problem(status, type, title, detail, with(headers, name, value), fields);
    }

    Problem withField(String name, String value) {
        return new Problem(status, type, title, detail, headers, with(fields, name, value));
    }

    Reply reply() {
        JsonObject json = new JsonObject();
        json.addProperty("type", TYPE_PREFIX + type);
        json.addProperty("title", title);
        json.addProperty("status", status.code());
        json.addProperty("detail", detail);
        fields.forEach(json::addProperty);
        Reply reply = Reply.text(status, CONTENT_TYPE, json + "\n");
        headers.forEach(reply.headers()::set);
        return reply;
    }

    private static Map<String, String> with(Map<String, String> some, String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(some);
        more.put(name, value);
        return more;
    }
}
