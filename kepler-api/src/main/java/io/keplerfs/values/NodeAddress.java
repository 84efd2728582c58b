package io.keplerfs.values;

/**
 * Where a node can be reached: one host name or address and its three ports, as advertised to peers.
 *
 * @param host name or IP literal, never empty; resolved anew at each connect, so a host may move
 * @param httpPort HTTP gateway, 0 if the node runs none
 * @param gossipPort UDP gossip, and TCP for full-state exchange
 * @param transferPort TCP between nodes
 */
public record NodeAddress(String host, int httpPort, int gossipPort, int transferPort) {
    public NodeAddress {
        if (host.isBlank()) {
            throw new IllegalArgumentException("a node address needs a host");
        }
        checkPort("httpPort", httpPort);
        checkPort("gossipPort", gossipPort);
        checkPort("transferPort", transferPort);
    }

    private static void checkPort(String name, int port) {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException(name + " is " + port + ", allowed are 0 to 65535");
        }
    }
}
