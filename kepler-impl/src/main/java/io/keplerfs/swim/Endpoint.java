package io.keplerfs.swim;

import io.keplerfs.values.NodeAddress;

/**
 * A gossip port somewhere, unresolved: the host may be a name that moves.
 *
 * @param host name or IP literal, an IPv6 literal without brackets
 * @param port 1 to 65535
 */
record Endpoint(String host, int port) {
    Endpoint {
        if (host.isBlank() || port < 1 || port > 65535) {
            throw new IllegalArgumentException("'" + host + ":" + port + "' is not host:gossip_port");
        }
    }

    static Endpoint of(NodeAddress address) {
        return new Endpoint(address.host(), address.gossipPort());
    }

    /** Reads {@code host:port}, {@code [ipv6]:port} too; throws IllegalArgumentException naming the text. */
    static Endpoint parse(String text) {
        int colon = text.lastIndexOf(':');
        try {
            String host = text.substring(0, Math.max(colon, 0));
            boolean bracketed = host.startsWith("[") && host.endsWith("]");
            return new Endpoint(
                    bracketed ? host.substring(1, host.length() - 1) : host,
                    Integer.parseInt(text, colon + 1, text.length(), 10));
        } catch (NumberFormatException notAPort) {
            throw new IllegalArgumentException("seed '" + text + "' is not host:gossip_port", notAPort);
        }
    }

    @Override
    public String toString() {
        return host.contains(":") ? "[" + host + "]:" + port : host + ":" + port;
    }
}
