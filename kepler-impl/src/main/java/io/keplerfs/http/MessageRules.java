package io.keplerfs.http;

import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.util.List;

/** What every request must be, whatever it asks for (RFC 9112). Breaking one closes the connection: its end is not known. */
final class MessageRules {
    private MessageRules() {}

    static void check(HttpRequest head) throws Refusal {
        checkParsed(head.decoderResult());
        HttpVersion version = head.protocolVersion();
        if (version.majorVersion() != 1) {
            throw new Refusal(Problem.notSupported(
                    HttpResponseStatus.HTTP_VERSION_NOT_SUPPORTED,
                    "HTTP version " + version.majorVersion() + " is not spoken here, use HTTP/1.1"));
        }
        int hosts = head.headers().getAll(HttpHeaderNames.HOST).size();
        if (hosts > 1 || (hosts == 0 && version.minorVersion() > 0)) {
            throw Refusal.invalid("the request has " + hosts + " Host headers, HTTP/1.1 asks for one");
        }
        checkTransferCoding(head);
        String expected = head.headers().get(HttpHeaderNames.EXPECT);
        if (expected != null && !expected.trim().equalsIgnoreCase("100-continue")) {
            throw new Refusal(new Problem(
                    HttpResponseStatus.EXPECTATION_FAILED,
                    "expectation-failed",
                    "Expectation failed",
                    "Expect is '" + Percent.printable(expected) + "', only 100-continue is understood"));
        }
    }

    private static void checkParsed(DecoderResult parsed) throws Refusal {
        if (parsed.isSuccess()) {
            return;
        }
        if (parsed.cause() instanceof TooLongHttpLineException) {
            throw new Refusal(Problem.tooLarge(
                    HttpResponseStatus.REQUEST_URI_TOO_LONG,
                    "the request line is longer than " + GatewayLimits.REQUEST_LINE_BYTES + " bytes"));
        } else if (parsed.cause() instanceof TooLongHttpHeaderException) {
            throw new Refusal(Problem.tooLarge(
                    HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                    "the headers are longer than " + GatewayLimits.HEADER_BYTES
                            + " bytes; put what is larger into a file"));
        }
        throw Refusal.invalid("this is not HTTP: "
                + Percent.printable(String.valueOf(parsed.cause().getMessage())));
    }

    /** A body in another coding would be stored as it is, and come back as something else. */
    private static void checkTransferCoding(HttpRequest head) throws Refusal {
        List<String> codings = head.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING);
        if (!codings.isEmpty() && (codings.size() > 1 || !codings.get(0).trim().equalsIgnoreCase("chunked"))) {
            throw new Refusal(Problem.notSupported(
                    HttpResponseStatus.NOT_IMPLEMENTED,
                    "Transfer-Encoding is '" + Percent.printable(String.join(", ", codings))
                            + "', only chunked is understood"));
        }
    }
}
