package io.keplerfs.http;

import io.netty.handler.codec.http.HttpResponseStatus;

/** What somebody finds who opens the port in a browser: which node this is and what can be asked of it. */
final class IndexPage {
    private IndexPage() {}

    static Reply reply(GatewayOptions options) {
        StringBuilder text = new StringBuilder();
        text.append("KeplerFS ")
                .append(options.version())
                .append(", node ")
                .append(options.label())
                .append("\n\n");
        for (Endpoint endpoint : Endpoint.values()) {
            if (endpoint != Endpoint.NONE) {
                text.append(String.format("%-18s %s%n", endpoint.allowed(), endpoint.template()));
            }
        }
        return Reply.text(HttpResponseStatus.OK, "text/plain; charset=utf-8", text.toString());
    }
}
