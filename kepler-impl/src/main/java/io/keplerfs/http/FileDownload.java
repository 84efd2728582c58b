package io.keplerfs.http;

import io.keplerfs.Consistency;
import io.keplerfs.FileInfo;
import io.keplerfs.FileSnapshot;
import io.keplerfs.GetOptions;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** GET and HEAD of a file. Bytes are read on a worker, because reading waits for other nodes. */
final class FileDownload {
    private final GatewayContext gateway;

    FileDownload(GatewayContext gateway) {
        this.gateway = gateway;
    }

    void serve(Exchange exchange, Route route) throws Refusal {
        Query query = route.query();
        query.allowOnly("consistency", "verify");
        GetOptions options = new GetOptions(
                query.value("consistency", Consistency.QUORUM, Consistency::parse),
                query.value("verify", false, FileDownload::verify),
                WriteRequest.timeout(exchange.headers()));
        exchange.then(
                gateway.cluster.bucket(route.bucket()).snapshotAsync(route.key(), options),
                snapshot -> respond(exchange, snapshot));
    }

    /** The losing version of a conflict. */
    void serveConflict(Exchange exchange, Route route) throws Refusal {
        Query query = route.query();
        query.allowOnly("version", "verify");
        GetOptions options = new GetOptions(
                Consistency.QUORUM,
                query.value("verify", false, FileDownload::verify),
                WriteRequest.timeout(exchange.headers()));
        exchange.then(
                gateway.cluster
                        .bucket(route.bucket())
                        .conflicts()
                        .snapshotAsync(route.key(), WriteRequest.loser(query), options),
                snapshot -> respond(exchange, snapshot));
    }

    private static boolean verify(String text) {
        if (!text.equals("sha256")) {
            throw new IllegalArgumentException(
                    "'" + Percent.printable(text) + "' is not sha256; leave verify out for the usual checks");
        }
        return true;
    }

    private void respond(Exchange exchange, FileSnapshot snapshot) throws Refusal {
        FileInfo file = snapshot.info();
        Conditions conditions = new Conditions(exchange.headers(), file);
        switch (conditions.verdict()) {
            case FAILED ->
                throw new Refusal(Problem.preconditionFailed(file.bucket() + "/" + file.key() + " is now version "
                                + file.etag() + " of " + Json.time(file.modifiedAt())
                                + ", which the request's If-Match or If-Unmodified-Since excludes")
                        .withHeader("ETag", EntityTag.quoted(file.etag())));
            case NOT_MODIFIED -> {
                Reply reply = Reply.empty(HttpResponseStatus.NOT_MODIFIED);
                validators(file, reply.headers());
                exchange.answer(reply);
            }
            case SEND -> sendFile(exchange, snapshot, conditions);
        }
    }

    private void sendFile(Exchange exchange, FileSnapshot snapshot, Conditions conditions) throws Refusal {
        FileInfo file = snapshot.info();
        if (exchange.isHead()) {
            Reply reply = Reply.empty(HttpResponseStatus.OK).withContentLength(file.sizeBytes());
            describe(file, reply.headers());
            exchange.answer(reply);
            return;
        }
        String range = conditions.rangeIsOfThisVersion() ? exchange.headers().get(HttpHeaderNames.RANGE) : null;
        RangeRequest asked = RangeRequest.parse(range, file.sizeBytes());
        if (!asked.heeded()) {
            Reply reply = Reply.empty(HttpResponseStatus.OK);
            describe(file, reply.headers());
            send(exchange, snapshot, reply, BodyParts.of(new ByteRange(0, file.sizeBytes())));
        } else {
            sendRanges(exchange, snapshot, asked.ranges());
        }
    }

    private void sendRanges(Exchange exchange, FileSnapshot snapshot, List<ByteRange> ranges) throws Refusal {
        FileInfo file = snapshot.info();
        if (ranges.isEmpty()) {
            throw new Refusal(new Problem(
                            HttpResponseStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
                            "range-not-satisfiable",
                            "Range not satisfiable",
                            "nothing of the range lies within the file, which has " + file.sizeBytes() + " bytes")
                    .withHeader("Content-Range", "bytes */" + file.sizeBytes()));
        }
        Reply reply = Reply.empty(HttpResponseStatus.PARTIAL_CONTENT);
        describe(file, reply.headers());
        if (ranges.size() == 1) {
            reply.headers().set(HttpHeaderNames.CONTENT_RANGE, ranges.get(0).of(file.sizeBytes()));
            send(exchange, snapshot, reply, BodyParts.of(ranges.get(0)));
            return;
        }
        // The writer of a file may choose its version id, but cannot know the moment of its reading.
        String boundary = "kepler-" + file.etag() + "-" + Long.toHexString(gateway.nanoTime());
        reply.headers().set(HttpHeaderNames.CONTENT_TYPE, "multipart/byteranges; boundary=" + boundary);
        send(exchange, snapshot, reply, BodyParts.multipart(boundary, ranges, contentType(file), file.sizeBytes()));
    }

    private void send(Exchange exchange, FileSnapshot snapshot, Reply head, BodyParts body) throws Refusal {
        boolean small =
                body.parts().size() == 1 && body.length() <= gateway.limits().smallBytes();
        Reply reply = head.withContentLength(body.length());
        if (body.length() == 0) {
            exchange.answer(reply);
        } else if (small) {
            ByteRange range = body.parts().get(0).range();
            gateway.workers.run(() -> exchange.attempt(() -> exchange.answer(reply.withBody(read(snapshot, range)))));
        } else {
            gateway.workers.run(() -> stream(exchange, snapshot, reply, body));
        }
    }

    private static byte[] read(FileSnapshot snapshot, ByteRange range) throws IOException {
        try (InputStream in = snapshot.stream(range.first(), range.length())) {
            byte[] bytes = in.readNBytes((int) range.length());
            if (bytes.length != range.length()) {
                throw new EOFException("the content ended after " + bytes.length + " of " + range.length() + " bytes");
            }
            return bytes;
        }
    }

    private static void stream(Exchange exchange, FileSnapshot snapshot, Reply head, BodyParts body) {
        BodyWriter writer = exchange.stream(head);
        try {
            for (BodyParts.Part part : body.parts()) {
                ByteRange range = part.range();
                try (InputStream in = snapshot.stream(range.first(), range.length())) {
                    writer.copy(part.prefix(), in, range.length());
                }
            }
            writer.end(body.suffix());
        } catch (Throwable failure) {
            writer.fail(failure);
        }
    }

    private static void describe(FileInfo file, HttpHeaders headers) {
        validators(file, headers);
        headers.set(HttpHeaderNames.CONTENT_TYPE, contentType(file));
        headers.set(HttpHeaderNames.ACCEPT_RANGES, "bytes");
        // A stored page must not run with the origin of this node and its UI.
        headers.set("Content-Security-Policy", "sandbox");
        MetadataHeaders.write(file.metadata(), headers);
    }

    private static void validators(FileInfo file, HttpHeaders headers) {
        headers.set(HttpHeaderNames.ETAG, EntityTag.quoted(file.etag()));
        headers.set(HttpHeaderNames.LAST_MODIFIED, HttpDate.format(file.modifiedAt()));
        headers.set("X-Kepler-Modified-At", Json.time(file.modifiedAt()));
        headers.set(HttpHeaderNames.CACHE_CONTROL, "no-cache");
    }

    /** Writers inside a JVM may have stored any text; one that cannot be a header is not shown as one. */
    private static String contentType(FileInfo file) {
        String type = file.contentType();
        boolean plain = !type.isBlank() && type.chars().allMatch(c -> c >= ' ' && c <= '~');
        return plain ? type : FileInfo.DEFAULT_CONTENT_TYPE;
    }
}
