package io.keplerfs.http;

import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.charset.StandardCharsets;

/**
 * An answer. The headers are the caller's to fill until it is handed over.
 *
 * @param contentLength length a client is told; differs from the body's only if the body comes as a stream, or for HEAD
 */
record Reply(HttpResponseStatus status, HttpHeaders headers, byte[] body, long contentLength) {
    private static final byte[] NOTHING = {};

    static Reply empty(HttpResponseStatus status) {
        return new Reply(status, newHeaders(), NOTHING, 0);
    }

    static Reply json(HttpResponseStatus status, String json) {
        return text(status, "application/json", json + "\n");
    }

    static Reply text(HttpResponseStatus status, String contentType, String text) {
        HttpHeaders headers = newHeaders()
                .set(HttpHeaderNames.CONTENT_TYPE, contentType)
                .set(HttpHeaderNames.CACHE_CONTROL, "no-store");
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        return new Reply(status, headers, body, body.length);
    }

    /** Names and values are validated as they are set: no value can break out of its line. */
    static HttpHeaders newHeaders() {
        return DefaultHttpHeadersFactory.headersFactory().newHeaders();
    }

    Reply withBody(byte[] bytes) {
        return new Reply(status, headers, bytes, bytes.length);
    }

    Reply withContentLength(long length) {
        return new Reply(status, headers, NOTHING, length);
    }
}
