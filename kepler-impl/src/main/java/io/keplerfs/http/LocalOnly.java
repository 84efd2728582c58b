package io.keplerfs.http;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.net.InetAddress;
import java.util.List;

/** What only callers on the node's own machine may do, as long as the gateway asks nobody who they are. */
final class LocalOnly {
    private static final List<String> SPEAKS_FOR_OTHERS = List.of(
            "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via", "Origin");

    private LocalOnly() {}

    /**
     * @param what is refused, with its verb
     * @param command of the runner that does it
     * @throws Refusal 403 to callers elsewhere, behind a proxy, or on a web page
     */
    static void require(Exchange exchange, String what, String command) throws Refusal {
        require(exchange.caller(), exchange.called(), exchange.headers(), what, command);
    }

    static void require(InetAddress caller, InetAddress called, HttpHeaders headers, String what, String command)
            throws Refusal {
        boolean here = caller.isLoopbackAddress() || caller.equals(called);
        String spokenFor =
                SPEAKS_FOR_OTHERS.stream().filter(headers::contains).findFirst().orElse("");
        if (!here || !spokenFor.isEmpty()) {
            String why = here ? "and " + spokenFor + " says that this one speaks for another" : "and this one is not";
            throw new Refusal(new Problem(
                    HttpResponseStatus.FORBIDDEN,
                    "forbidden",
                    "Forbidden",
                    what + " for callers on the node's own machine, " + why + "; run '" + command + "' there"));
        }
    }
}
