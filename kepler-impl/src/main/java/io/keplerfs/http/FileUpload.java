package io.keplerfs.http;

import io.keplerfs.Bucket;
import io.keplerfs.FileInfo;
import io.keplerfs.PutOptions;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;

/** PUT of a file: small ones go straight to the cluster, larger ones and those of unknown length through a worker. */
final class FileUpload {
    private final GatewayContext gateway;

    FileUpload(GatewayContext gateway) {
        this.gateway = gateway;
    }

    RequestBody begin(Exchange exchange, Route route, Runnable roomAgain) throws Refusal {
        PutOptions options = WriteRequest.put(exchange.headers(), route.query());
        Bucket bucket = gateway.cluster.bucket(route.bucket());
        long length = lengthOf(exchange);
        if (length >= 0 && length <= gateway.limits().smallBytes()) {
            return new CollectedBody(
                    (int) length,
                    content -> exchange.then(
                            bucket.putAsync(route.key(), content, options),
                            written -> exchange.answer(reply(written, options))));
        }
        BodyPipe pipe = new BodyPipe(gateway.limits().pipeBytes(), roomAgain);
        gateway.workers.run(() -> {
            try {
                exchange.attempt(() -> exchange.answer(reply(bucket.put(route.key(), pipe, options), options)));
            } finally {
                pipe.abandon();
            }
        });
        return pipe;
    }

    /** -1 if only the last chunk will tell. */
    private static long lengthOf(Exchange exchange) throws Refusal {
        if (HttpUtil.isTransferEncodingChunked(exchange.request())) {
            return -1;
        }
        if (!HttpUtil.isContentLengthSet(exchange.request())) {
            throw new Refusal(new Problem(
                    HttpResponseStatus.LENGTH_REQUIRED,
                    "length-required",
                    "Length required",
                    "a put needs Content-Length or Transfer-Encoding: chunked, this one has neither;"
                            + " for an empty file send Content-Length: 0"));
        }
        return HttpUtil.getContentLength(exchange.request());
    }

    /** The API does not tell a new file from a replaced one; only a conditional creation is known to have created. */
    private static Reply reply(FileInfo written, PutOptions options) {
        HttpResponseStatus status = options.onlyIfAbsent() ? HttpResponseStatus.CREATED : HttpResponseStatus.OK;
        Reply reply = Reply.json(status, Json.file(written).toString());
        reply.headers().set(HttpHeaderNames.ETAG, EntityTag.quoted(written.etag()));
        return reply;
    }
}
